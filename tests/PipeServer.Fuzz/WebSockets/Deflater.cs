using System.IO.Compression;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>Compresses the messages of one direction of a connection (RFC 7692 §7.2.1).</summary>
/// <param name="keepsContext">Messages reach back into those before: at most 32 KiB.</param>
/// <param name="level">How hard it tries; none for stored blocks.</param>
internal sealed class Deflater(bool keepsContext = true, CompressionLevel level = CompressionLevel.Optimal) : IDisposable
{
    private readonly MemoryStream _output = new();
    private DeflateStream? _deflate;

    /// <summary>The payload of a message: without the four bytes that end a flush.</summary>
    public byte[] Deflate(ReadOnlySpan<byte> message)
    {
        if (!keepsContext)
        {
            _deflate?.Dispose();
            _deflate = null;
        }

        _deflate ??= new DeflateStream(_output, level, leaveOpen: true);
        _output.SetLength(0);
        _deflate.Write(message);
        _deflate.Flush();
        var bytes = _output.ToArray();
        return bytes.Length >= 4 ? bytes[..^4] : [0]; // nothing to flush: the empty message (§7.2.3.6)
    }

    public void Dispose()
    {
        _deflate?.Dispose();
        _output.Dispose();
    }
}
