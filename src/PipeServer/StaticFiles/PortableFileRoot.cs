using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>
/// For systems without <c>openat2</c>: resolves every link by itself, opens what it found, and looks where the open file really
/// is, or, where the system does not tell, resolves once more. When a link is changed in between, the answer is a 404, never another file.
/// </summary>
internal sealed class PortableFileRoot : FileRoot
{
    private static readonly EnumerationOptions Everything = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    private readonly bool _followSymlinks;
    private readonly SafeFileHandle? _held; // where folders have numbers, so that no other one gets this one's

    /// <summary>Takes a folder for a root.</summary>
    /// <param name="path">The folder, absolute, symbolic links resolved.</param>
    /// <param name="followSymlinks">Follow symbolic links wherever they lead.</param>
    public PortableFileRoot(string path, bool followSymlinks)
        : base(path)
    {
        _followSymlinks = followSymlinks;
        _held = FileCalls.AreSupported ? FileCalls.OpenFolder(path) : null;
        _ = new RootName(path).TryIdentify(out var identity, out _); // if it has gone meanwhile, none is the same: it is opened anew
        Identity = identity;
    }

    public override FolderIdentity Identity { get; }

    public override OpenStatus TryOpen(string relativePath, out OpenedFile? file)
    {
        file = null;
        if (Locate(relativePath) is not { } located)
        {
            return OpenStatus.NotFound;
        }

        if (Directory.Exists(located))
        {
            return OpenStatus.Folder;
        }

        if (new FileInfo(located) is not { Exists: true } info || !IsRegular(located))
        {
            return OpenStatus.NotFound;
        }

        if (info.Length == 0 && !FileCalls.AreSupported)
        {
            // Not opened: where the kind of a file is not known, this could be a FIFO or a device, and block for ever.
            file = new OpenedFile(
                new SafeFileHandle(), new FileIdentity(0, 0, 0, FileTime.Of(info.LastWriteTimeUtc), Changed: null), isDirect: false);
            return OpenStatus.File;
        }

        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(located, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!_followSymlinks && !IsStillInside(handle, relativePath, located))
            {
                handle.Dispose();
                return OpenStatus.NotFound;
            }

            if (FileCalls.IsOneOfTheLast(handle))
            {
                handle.Dispose();
                return OpenStatus.Exhausted;
            }

            file = new OpenedFile(handle, IdentityOf(handle), located == FullPath(relativePath));
            return OpenStatus.File;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            handle?.Dispose();
            return exception switch
            {
                UnauthorizedAccessException => OpenStatus.Forbidden,
                FileNotFoundException or DirectoryNotFoundException => OpenStatus.NotFound, // gone since we looked
                _ => OpenStatus.Exhausted,
            };
        }
    }

    public override FileIdentity Identify(OpenedFile file) => file.Handle.IsInvalid ? file.Identity : IdentityOf(file.Handle);

    public override OpenStatus Look(string relativePath, out FileIdentity identity)
    {
        var status = TryOpen(relativePath, out var file);
        identity = file?.Identity ?? default;
        file?.Dispose();
        if (status == OpenStatus.Folder)
        {
            identity = new FileIdentity(0, 0, 0, FileTime.Of(Directory.GetLastWriteTimeUtc(FullPath(relativePath))), Changed: null);
        }

        return status;
    }

    public override IEnumerable<FolderEntry>? List(string relativePath) => Locate(relativePath) is { } folder ? Read(folder, relativePath) : null;

    private IEnumerable<FolderEntry> Read(string folder, string relativePath)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything))
        {
            if (Look(relativePath, entry.Name, entry.Attributes.HasFlag(FileAttributes.ReparsePoint)) is { } listed)
            {
                yield return listed;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _held?.Dispose();
        base.Dispose(disposing);
    }

    private string FullPath(string relativePath) => relativePath.Length == 0 ? Path : System.IO.Path.Combine(Path, relativePath);

    private string? Locate(string relativePath) =>
        CanonicalPath.Of(FullPath(relativePath)) is { } canonical && (_followSymlinks || IsInside(Path, canonical)) ? canonical : null;

    private bool IsStillInside(SafeFileHandle handle, string relativePath, string located) =>
        OperatingSystem.IsLinux() && File.ResolveLinkTarget($"/proc/self/fd/{handle.DangerousGetHandle()}", returnFinalTarget: false) is { } real
            ? IsInside(Path, real.FullName)
            : Locate(relativePath) == located;

    private static bool IsRegular(string path) => !FileCalls.AreSupported || FileCalls.TypeOf(path) == FileCalls.IFREG;

    private static FileIdentity IdentityOf(SafeFileHandle handle) =>
        FileCalls.AreSupported && FileCalls.Identify(handle, out var identity, out _) == 0 ? identity : new FileIdentity(
        0, 0, RandomAccess.GetLength(handle), FileTime.Of(File.GetLastWriteTimeUtc(handle)), Changed: null);
}
