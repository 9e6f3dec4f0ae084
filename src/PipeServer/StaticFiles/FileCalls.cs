using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// The calls into Linux that .NET has no name for: the man page of each says what it takes and returns. They return 0 or the error number.
/// </summary>
/// <remarks>Numbers from the kernel's uapi headers; those used here are the same on x64 and arm64, the octal ones but for O_DIRECTORY.</remarks>
internal static partial class FileCalls
{
    public const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    public const ulong RESOLVE_NO_SYMLINKS = 0x04;
    public const ulong RESOLVE_BENEATH = 0x08;
    public const ulong RESOLVE_CACHED = 0x20; // Linux 5.12; before it EINVAL

    public const int IFMT = 0xF000;
    public const int IFDIR = 0x4000;
    public const int IFREG = 0x8000;

    private const int KeptDescriptors = 24;
    private const int SYS_openat2 = 437;
    private static readonly int SYS_getdents64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 61 : 217;
    private static readonly int SYS_preadv2 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 286 : 327;
    private const int O_NOCTTY = 0x100;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int O_PATH = 0x200000;
    private const int AT_FDCWD = -100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const nint RWF_NOWAIT = 0x8;
    private const uint STATX_INO = 0x100;
    private const uint STATX_BASIC_STATS = 0x7FF;

    /// <summary>True on the platforms for which these numbers hold.</summary>
    public static bool AreSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>
    /// Opens for reading what a relative path names, with the kernel's rules on how to get there. Non-blocking, so that a FIFO
    /// or a device cannot hold the caller.
    /// </summary>
    public static int OpenBelow(SafeFileHandle root, string relativePath, ulong resolve, out SafeFileHandle handle) =>
        OpenBelow(root, relativePath, O_NOCTTY | O_NONBLOCK | O_CLOEXEC, resolve, out handle);

    /// <summary>The same to know the place only (<c>O_PATH</c>): nothing is opened for reading, whatever is there.</summary>
    public static int LocateBelow(SafeFileHandle root, string relativePath, ulong resolve, out SafeFileHandle handle) =>
        OpenBelow(root, relativePath, O_PATH | O_CLOEXEC, resolve, out handle);

    /// <summary>
    /// The path of what is open, without links, as the kernel tells it now, see <see cref="PathText"/>; of what was deleted it is none that leads
    /// there. Null where there is no <c>/proc</c>, or the path is longer than any that can be opened.
    /// </summary>
    // SAFETY: the array is pinned for the call and ends with a zero byte; no more is written than the buffer takes.
    public static unsafe string? PathOf(SafeFileHandle handle)
    {
        const int PathMax = 4096; // with its zero byte
        var buffer = stackalloc byte[PathMax];
        fixed (byte* link = Encoding.UTF8.GetBytes($"/proc/self/fd/{handle.DangerousGetHandle()}\0"))
        {
            var length = readlink(link, buffer, PathMax);
            return length is > 0 and < PathMax ? PathText.FromBytes(new ReadOnlySpan<byte>(buffer, (int)length)) : null;
        }
    }

    // SAFETY: name and rules live on this stack frame, or are pinned, for the whole call; the name ends with a zero byte.
    private static unsafe int OpenBelow(SafeFileHandle root, string relativePath, ulong flags, ulong resolve, out SafeFileHandle handle)
    {
        var size = Encoding.UTF8.GetMaxByteCount(relativePath.Length) + 1;
        var name = size <= 1024 ? stackalloc byte[size] : new byte[size];
        name[PathText.GetBytes(relativePath, name)] = 0;
        var how = stackalloc ulong[3] { flags, 0, resolve };
        fixed (byte* first = name)
        {
            nint result;
            do
            {
                result = syscall(SYS_openat2, root, first, how, 3 * sizeof(ulong));
            }
            while (result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            handle = new SafeFileHandle(result, ownsHandle: true);
            return result < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    /// <summary>
    /// Reads entries of a folder that is open for reading, from where the last call has ended, as bytes: <c>struct linux_dirent64</c>, one
    /// behind the other. None are left when <paramref name="length"/> is 0.
    /// </summary>
    // SAFETY: the buffer is pinned for the call, and the kernel writes no more than its length.
    public static unsafe int ReadFolder(SafeFileHandle folder, byte[] buffer, out int length)
    {
        fixed (byte* first = buffer)
        {
            var result = syscall_getdents64(SYS_getdents64, folder, first, (nuint)buffer.Length);
            length = (int)Math.Max(0, result);
            return result < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    /// <summary>
    /// Whether an open file took one of the last descriptors that the process may have: the lowest free one is always taken.
    /// Without one the runtime cannot make a thread for its pool, and ends the process.
    /// </summary>
    public static bool IsOneOfTheLast(SafeFileHandle handle) => AreSupported && handle.DangerousGetHandle() > DescriptorLimits.Most - KeptDescriptors;

    /// <summary>
    /// Opens a folder by its absolute path, to open others below it and to keep its number. The permission to enter it is enough; that to
    /// list it is not needed. Null when that fails, and the last error of P/Invoke tells why.
    /// </summary>
    // SAFETY: the array is pinned for the call and ends with a zero byte.
    public static unsafe SafeFileHandle? OpenFolder(string path)
    {
        fixed (byte* first = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var result = open(first, O_PATH | O_CLOEXEC);
            return result < 0 ? null : new SafeFileHandle(result, ownsHandle: true);
        }
    }

    /// <summary>What an open file is, and which kind (<c>S_IFMT</c> of inode(7)).</summary>
    // SAFETY: struct statx has 256 bytes, here on this stack frame; the empty name is one zero byte.
    public static unsafe int Identify(SafeFileHandle handle, out FileIdentity identity, out int type)
    {
        var status = stackalloc byte[256];
        byte empty = 0;
        if (statx(handle, &empty, AT_EMPTY_PATH, STATX_BASIC_STATS, status) < 0)
        {
            (identity, type) = (default, 0);
            return Marshal.GetLastPInvokeError();
        }

        type = *(ushort*)(status + 28) & IFMT;
        identity = Identity(status);
        return 0;
    }

    /// <summary>The same by the number of a descriptor that stays open meanwhile; false when that fails.</summary>
    // SAFETY: as in Identify.
    public static unsafe bool TryIdentify(int descriptor, out FileIdentity identity)
    {
        var status = stackalloc byte[256];
        byte empty = 0;
        var isKnown = statx_at(descriptor, &empty, AT_EMPTY_PATH, STATX_BASIC_STATS, status) == 0;
        identity = isKnown ? Identity(status) : default;
        return isKnown;
    }

    /// <summary>
    /// Reads the beginning of a file, if the system has it in memory: true when all of it was read. Never waits for a disk (<c>RWF_NOWAIT</c>).
    /// </summary>
    // SAFETY: the span is pinned for the call, and the kernel writes no more than its length; what describes it is on this stack frame.
    public static unsafe bool TryReadAtOnce(int descriptor, Span<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            var piece = stackalloc nint[2] { (nint)first, bytes.Length };
            return preadv2(SYS_preadv2, descriptor, piece, 1, 0, 0, RWF_NOWAIT) == bytes.Length;
        }
    }

    /// <summary>False where the file's system has no reading that does not wait, as those of the network and tmpfs.</summary>
    // SAFETY: one byte and what describes it, on this stack frame for the whole call; the caller's handle is not closed meanwhile.
    public static unsafe bool CanReadAtOnce(SafeFileHandle file)
    {
        byte one;
        var piece = stackalloc nint[2] { (nint)(&one), 1 };
        return AreSupported
            && (preadv2(SYS_preadv2, (int)file.DangerousGetHandle(), piece, 1, 0, 0, RWF_NOWAIT) >= 0 || Marshal.GetLastPInvokeError() == Errno.EAGAIN);
    }

    /// <summary>Which folder a path leads to, whatever is on the way.</summary>
    /// <param name="path">In UTF-8, with a zero byte at its end; ending with <c>/.</c>, which only a folder has.</param>
    /// <param name="identity">The folder; default when there is an error.</param>
    // SAFETY: as in Identify; the array is pinned for the call and ends with a zero byte.
    public static unsafe int IdentifyFolder(byte[] path, out FolderIdentity identity)
    {
        var status = stackalloc byte[256];
        fixed (byte* first = path)
        {
            if (statx_at(AT_FDCWD, first, 0, STATX_INO, status) < 0)
            {
                identity = default;
                return Marshal.GetLastPInvokeError();
            }

            identity = new FolderIdentity(Device(status), *(ulong*)(status + 32), Path: null, Created: default);
            return 0;
        }
    }

    /// <summary>Which kind of file (<c>S_IFMT</c> of inode(7)) a path leads to; 0 for nothing.</summary>
    // SAFETY: as in Identify; the array is pinned for the call and ends with a zero byte.
    public static unsafe int TypeOf(string path)
    {
        var status = stackalloc byte[256];
        fixed (byte* first = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return statx_at(AT_FDCWD, first, 0, STATX_BASIC_STATS, status) < 0 ? 0 : *(ushort*)(status + 28) & IFMT;
        }
    }

    /// <summary>What a path leads to, links followed; false when that fails.</summary>
    // SAFETY: as in TypeOf.
    public static unsafe bool TryIdentify(string path, out FileIdentity identity)
    {
        var status = stackalloc byte[256];
        fixed (byte* first = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var isKnown = statx_at(AT_FDCWD, first, 0, STATX_BASIC_STATS, status) == 0;
            identity = isKnown ? Identity(status) : default;
            return isKnown;
        }
    }

    // SAFETY: the offsets of stx_ino, stx_size, stx_mtime and stx_ctime of struct statx.
    private static unsafe FileIdentity Identity(byte* status) =>
        new(Device(status), *(ulong*)(status + 32), *(long*)(status + 40), Time(status + 112), Time(status + 96));

    // SAFETY: stx_dev_major and stx_dev_minor of struct statx.
    private static unsafe ulong Device(byte* status) => ((ulong)*(uint*)(status + 136) << 32) | *(uint*)(status + 140);

    // SAFETY: struct statx_timestamp: seconds in eight bytes, nanoseconds in four.
    private static unsafe FileTime Time(byte* time) => new(*(long*)time, *(uint*)(time + 8));

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see OpenBelow.
    private static unsafe partial nint syscall(nint number, SafeFileHandle root, byte* path, ulong* how, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    // SAFETY: see ReadFolder.
    private static unsafe partial nint syscall_getdents64(nint number, SafeFileHandle folder, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    // SAFETY: see TryReadAtOnce and CanReadAtOnce.
    private static unsafe partial nint preadv2(nint number, nint file, nint* pieces, nint count, nint low, nint high, nint flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see OpenFolder.
    private static unsafe partial int open(byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see PathOf.
    private static unsafe partial nint readlink(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Identify.
    private static unsafe partial int statx(SafeFileHandle folder, byte* path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    // SAFETY: see TypeOf.
    private static unsafe partial int statx_at(int folder, byte* path, int flags, uint mask, byte* status);
}
