using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HashFolder;

/// <summary>
/// What a name in a folder stands for. .NET calls a named pipe, a socket and a device files too, and to open a pipe waits for whoever writes into it, maybe
/// for ever: on Linux the system is asked.
/// </summary>
internal static partial class NodeType
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint Type = 1; // STATX_TYPE
    private const int StatxBytes = 256;
    private const int ModeOffset = 28; // of stx_mask, stx_blksize, stx_attributes, stx_nlink, stx_uid and stx_gid: the same on every processor
    private const int TypeMask = 0xF000; // S_IFMT
    private const int RegularFile = 0x8000; // S_IFREG

    /// <summary>Whether it has a content of its own that ends.</summary>
    public static bool IsRegularFile(FileInfo file)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        Span<byte> status = stackalloc byte[StatxBytes];
        return Statx(CurrentFolder, file.FullName, NoFollow, Type, ref MemoryMarshal.GetReference(status)) != 0 // gone or forbidden: to open it tells
            || (BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]) & TypeMask) == RegularFile;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte status);
}
