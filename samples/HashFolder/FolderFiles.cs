namespace HashFolder;

/// <summary>The files below a folder, found while they are asked for: not all names are in memory at once.</summary>
internal static class FolderFiles
{
    // Links are not followed, so each file comes once and none from elsewhere; hidden files are files.
    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device,
        IgnoreInaccessible = false,
    };

    /// <summary>All of them.</summary>
    /// <param name="folder">Where to begin.</param>
    /// <param name="unreadable">Is told of each folder that cannot be listed; the others are.</param>
    public static IEnumerable<FileInfo> Below(string folder, Action<string> unreadable)
    {
        var folders = new Stack<DirectoryInfo>([new DirectoryInfo(folder)]);
        while (folders.TryPop(out var next))
        {
            using var entries = next.EnumerateFileSystemInfos("*", Options).GetEnumerator();
            while (MoveNext(entries, unreadable))
            {
                if (entries.Current is DirectoryInfo inner)
                {
                    folders.Push(inner);
                }
                else if (entries.Current is FileInfo file && NodeType.IsRegularFile(file))
                {
                    yield return file;
                }
            }
        }
    }

    // A folder that may not be entered, or that is gone meanwhile.
    private static bool MoveNext(IEnumerator<FileSystemInfo> entries, Action<string> unreadable)
    {
        try
        {
            return entries.MoveNext();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unreadable(exception.Message);
            return false;
        }
    }
}
