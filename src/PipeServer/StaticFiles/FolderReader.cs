namespace PipeServer.StaticFiles;

/// <summary>Reads a folder for a listing.</summary>
internal static class FolderReader
{
    // A listing is one page: who has more files in a folder does not look for one by eye.
    private const int MaxEntries = 10_000;

    /// <summary>The entries that are to be seen, or null when the folder cannot be read.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="isServed">Whether a name would be served when it is asked for.</param>
    public static IReadOnlyList<FolderEntry>? Read(string path, Func<string, bool> isServed)
    {
        try
        {
            return [.. new DirectoryInfo(path)
                .EnumerateFileSystemInfos("*", new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None })
                .Where(info => isServed(info.Name))
                .Take(MaxEntries)
                .Select(static info => Describe(info))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static FolderEntry Describe(FileSystemInfo info)
    {
        // Of a link, what it leads to.
        var target = info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        var isFolder = target.Attributes.HasFlag(FileAttributes.Directory);
        return new FolderEntry(info.Name, isFolder, isFolder ? 0 : new FileInfo(target.FullName).Length, new DateTimeOffset(target.LastWriteTimeUtc));
    }
}
