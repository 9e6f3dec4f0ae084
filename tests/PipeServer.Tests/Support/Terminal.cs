using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.Tests.Support;

/// <summary>A pseudo terminal, whose user the test plays. Linux.</summary>
internal sealed partial class Terminal : IDisposable
{
    private const int O_RDWR = 2;
    private const int O_NOCTTY = 0x100;
    private const int O_CLOEXEC = 0x80000;
    private const int TCOOFF = 0;

    private int _master;

    // SAFETY: the buffer is pinned for the call, which is told its length.
    public unsafe Terminal()
    {
        _master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        Assert.True(_master >= 0 && grantpt(_master) == 0 && unlockpt(_master) == 0, "There is no pseudo terminal.");
        var name = new byte[128];
        fixed (byte* first = name)
        {
            Assert.Equal(0, ptsname_r(_master, first, (nuint)name.Length));
        }

        Path = Encoding.UTF8.GetString(name, 0, Array.IndexOf(name, (byte)0));
    }

    /// <summary>What a program opens to write to the terminal.</summary>
    public string Path { get; }

    /// <summary>Ctrl+S: whoever writes from now on waits. Somebody has to have it open.</summary>
    public void StopOutput()
    {
        var slave = open(Path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        Assert.Equal(0, tcflow(slave, TCOOFF));
        _ = close(slave);
    }

    /// <summary>The user closes the window: whoever writes from now on gets an error.</summary>
    public void Dispose()
    {
        if (_master >= 0)
        {
            _ = close(_master);
            _master = -1;
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int grantpt(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int unlockpt(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    // SAFETY: see the constructor.
    private static unsafe partial int ptsname_r(int descriptor, byte* name, nuint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int tcflow(int descriptor, int action);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
