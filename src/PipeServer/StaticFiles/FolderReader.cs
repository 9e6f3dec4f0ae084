using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Reads a folder of Linux by the bytes of its names: .NET's own enumeration replaces what is not UTF-8, and such a file cannot be found again.
/// </summary>
internal static class FolderReader
{
    // The kernel fills it: a few hundred names for each call. Small enough to stay out of the large object heap.
    private const int BufferBytes = 32 * 1024;

    // struct linux_dirent64 of getdents64(2): d_ino, d_off, d_reclen, d_type, d_name with a zero byte at its end.
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private const byte DT_UNKNOWN = 0;
    private const byte DT_DIR = 4;
    private const byte DT_REG = 8;
    private const byte DT_LNK = 10;

    /// <summary>Reads the entries one after the other; closes the folder at the end, or when the enumeration is given up.</summary>
    /// <param name="folder">Open for reading.</param>
    /// <param name="look">By name, and whether it is a link: what is there, or null for nothing to be listed.</param>
    public static IEnumerable<FolderEntry> Read(SafeFileHandle folder, Func<string, bool, FolderEntry?> look)
    {
        using (folder)
        {
            var buffer = new byte[BufferBytes];
            while (Fill(folder, buffer) is var length and > 0)
            {
                for (var at = 0; at < length; at += BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthOffset)))
                {
                    // Devices, FIFOs and sockets are not even looked at: opening a device can do something.
                    var type = buffer[at + TypeOffset];
                    if (type is DT_UNKNOWN or DT_DIR or DT_REG or DT_LNK && Name(buffer.AsSpan(at)) is { } name && look(name, type == DT_LNK) is { } entry)
                    {
                        yield return entry;
                    }
                }
            }
        }
    }

    private static int Fill(SafeFileHandle folder, byte[] buffer) => FileCalls.ReadFolder(folder, buffer, out var length) switch
    {
        0 => length,
        Errno.ENOENT => throw new DirectoryNotFoundException("The folder was deleted while it was read."),
        var error => throw new IOException($"A folder could not be read to its end (error {error})."),
    };

    // Null for the folder itself and the one above.
    private static string? Name(ReadOnlySpan<byte> entry)
    {
        var name = entry[NameOffset..];
        name = name[..name.IndexOf((byte)0)];
        return name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) ? null : PathText.FromBytes(name);
    }
}
