namespace HashFolder;

/// <summary>The files below a folder, found while they are asked for: not all names are in memory at once.</summary>
internal static class FolderFiles
{
    // Links are not followed, so each file comes once and none from elsewhere; hidden files are files. A folder that may not be read is an error.
    private static readonly EnumerationOptions Options = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device,
        IgnoreInaccessible = false,
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<FileInfo> Below(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", Options).Where(NodeType.IsRegularFile);
}
