namespace PipeServer.StaticFiles;

/// <summary>A folder, and the one way to open what is below it. Safe for any number of threads.</summary>
internal abstract class FileRoot(string path) : IDisposable
{
    /// <summary>The folder, absolute, with all symbolic links resolved as they were when it was opened.</summary>
    public string Path { get; } = path;

    /// <summary>A path that leads to this very folder as long as it is open, for inotify.</summary>
    public virtual string WatchedPath => Path;

    /// <summary>
    /// The same folder for those who must not wait: what the system does not know without looking at the disk is
    /// <see cref="OpenStatus.MustWait"/>, and so is everything behind a link. Null where there is no such way. Not to be disposed.
    /// </summary>
    /// <remarks>
    /// For paths whose files were open before, and can be read without waiting (<see cref="FileCalls.CanReadAtOnce"/>): where the file system
    /// is another program or machine, to open takes its time. Throws <see cref="ObjectDisposedException"/> when the folder is closed.
    /// </remarks>
    public virtual FileRoot? AtOnce => null;

    /// <summary>Which folder was opened.</summary>
    public abstract FolderIdentity Identity { get; }

    /// <summary>
    /// By the system itself where that is to be had (Linux 5.6 and later), else by names that are checked before and after.
    /// </summary>
    /// <param name="path">The folder, absolute or relative to the current directory.</param>
    /// <param name="followSymlinks">Follow symbolic links wherever they lead, also out of the root.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not enter it.</exception>
    /// <exception cref="IOException">It cannot be opened now: it has gone, or the process has no descriptor left.</exception>
    public static FileRoot Open(string path, bool followSymlinks)
    {
        var full = RootName.FullOf(path);
        var canonical = CanonicalPath.Of(full);
        if (!Directory.Exists(canonical))
        {
            throw new DirectoryNotFoundException($"The folder '{full}' does not exist.");
        }

        if (FileCalls.AreSupported && FileCalls.TypeOf(canonical + "/.") == 0)
        {
            throw new UnauthorizedAccessException(
                $"The folder '{full}' may not be entered by the user of this process. Give that user the permissions r and x (chmod).");
        }

        return LinuxFileRoot.TryOpen(canonical, followSymlinks) ?? (FileRoot)new PortableFileRoot(canonical, followSymlinks);
    }

    /// <summary>Opens a file. Never blocks on anything that is not a regular file, never opens anything outside the root.</summary>
    /// <param name="relativePath">
    /// Segments with slashes between them, none of them <c>.</c> or <c>..</c>; empty for the root itself.
    /// </param>
    /// <param name="file">With <see cref="OpenStatus.File"/>: the file, the caller's from now on.</param>
    public abstract OpenStatus TryOpen(string relativePath, out OpenedFile? file);

    /// <summary>The same without an open file to keep: what is at a path, and which version of it.</summary>
    public abstract OpenStatus Look(string relativePath, out FileIdentity identity);

    /// <summary>What an open file is by now.</summary>
    public abstract FileIdentity Identify(OpenedFile file);

    /// <summary>
    /// The files and folders of a folder with what a listing tells of them, in the order of the file system, read as they are asked for; or
    /// null when it cannot be read. Each name is looked at as if it were asked for: what would not be opened is not listed.
    /// </summary>
    /// <remarks>The enumeration holds the folder open, blocks on the disk, and throws what .NET throws for it.</remarks>
    public abstract IEnumerable<FolderEntry>? List(string relativePath);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>What is at a name of a folder, or null when it is nothing to be listed.</summary>
    /// <exception cref="IOException">That cannot be said now; without it the listing would not be whole.</exception>
    protected FolderEntry? Look(string relativePath, string name, bool isLink)
    {
        OpenStatus status;
        FileIdentity identity;
        try
        {
            status = Look(relativePath.Length == 0 ? name : relativePath + "/" + name, out identity);
        }
        catch (IOException)
        {
            return null; // the disk has an error at this one, and asking for it would be answered 500
        }

        return status switch
        {
            OpenStatus.Exhausted => throw new IOException("There is no descriptor left to look at a file of a folder."),
            OpenStatus.File => new FolderEntry(name, IsFolder: false, isLink, identity.Length, identity.Modified.NearestDate),
            OpenStatus.Folder => new FolderEntry(name, IsFolder: true, isLink, 0, identity.Modified.NearestDate),
            _ => null,
        };
    }

    protected static bool IsInside(string folder, string canonical) =>
        canonical == folder
        || (canonical.StartsWith(folder, StringComparison.Ordinal)
            && (System.IO.Path.EndsInDirectorySeparator(folder) || canonical[folder.Length] == System.IO.Path.DirectorySeparatorChar));
}
