namespace PipeServer.StaticFiles;

/// <summary>Which folder this is: by its number where the system has one, else by its path and the time at which it was made.</summary>
/// <param name="Device">The file system; 0 where folders have no numbers.</param>
/// <param name="Inode">The folder on it. No other folder gets the number as long as this one is held open.</param>
/// <param name="Path">Where there are no numbers: the path, symbolic links resolved; else null.</param>
/// <param name="Created">Where there are no numbers: when it was made.</param>
internal readonly record struct FolderIdentity(ulong Device, ulong Inode, string? Path, DateTime Created)
{
    /// <summary>Of a folder by its path, symbolic links resolved, where folders have no numbers.</summary>
    public static FolderIdentity ByPath(string path) => new(0, 0, path, Directory.GetCreationTimeUtc(path));
}
