using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Files whose names are bytes, below a folder: .NET can neither make nor delete those that are not UTF-8.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class RawNames(string folder) : IDisposable
{
    private readonly Stack<byte[]> _files = new();
    private readonly Stack<byte[]> _folders = new();

    public void Folder(ReadOnlySpan<byte> name)
    {
        var path = Path(name);
        Assert.Equal(0, MakeFolder(path, 0b111_101_101));
        _folders.Push(path);
    }

    public void File(ReadOnlySpan<byte> name, string text)
    {
        var path = Path(name);
        var descriptor = Create(path, 0b110_100_100);
        Assert.True(descriptor >= 0, $"errno {Marshal.GetLastPInvokeError()}");
        using var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write);
        stream.Write(Encoding.UTF8.GetBytes(text));
        _files.Push(path);
    }

    /// <summary>A symbolic link by the whole path of what it leads to, which is below the folder.</summary>
    public void AbsoluteLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        var path = Path(name);
        Assert.Equal(0, MakeLink(Path(target), path));
        _files.Push(path);
    }

    public void Dispose()
    {
        while (_files.TryPop(out var file))
        {
            _ = Unlink(file);
        }

        while (_folders.TryPop(out var path))
        {
            _ = RemoveFolder(path);
        }
    }

    private byte[] Path(ReadOnlySpan<byte> name) => [.. Encoding.UTF8.GetBytes(folder), (byte)'/', .. name, 0];

    [LibraryImport("libc", EntryPoint = "creat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Create(byte[] path, int mode);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakeFolder(byte[] path, int mode);

    [LibraryImport("libc", EntryPoint = "symlink", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakeLink(byte[] target, byte[] path);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unlink(byte[] path);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RemoveFolder(byte[] path);
}
