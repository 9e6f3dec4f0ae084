using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// Writes a response body in chunks (RFC 9112 §7.1), each framed in the memory that its data was written to. A mutable struct: it must
/// be a field.
/// </summary>
internal struct ChunkWriter
{
    // Enough that a chunk's frame is small beside its data.
    private const int MinChunkBytes = 4096;

    private Memory<byte> _chunk; // the open chunk's block in the output, prefix included; empty when none is open
    private int _prefix;

    /// <summary>The bytes in the open chunk.</summary>
    public int Length { get; private set; }

    private readonly int Room => _chunk.IsEmpty ? 0 : _chunk.Length - _prefix - Length - ChunkedEncoder.SuffixBytes;

    /// <summary>Room for at least this many bytes, in the open chunk or in a new one.</summary>
    public Memory<byte> GetMemory(Http1Output output, int sizeHint)
    {
        if (Room < Math.Max(1, sizeHint))
        {
            Close(output);
            _chunk = output.Writer.GetMemory(checked(
                Math.Max(MinChunkBytes, sizeHint) + ChunkedEncoder.MaxPrefixBytes + ChunkedEncoder.SuffixBytes));
            _prefix = ChunkedEncoder.PrefixBytes(_chunk.Length);
        }

        return _chunk.Slice(_prefix + Length, Room);
    }

    /// <summary>Notes how many bytes were written into that room.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There was less room.</exception>
    public void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Room);
        Length += bytes;
    }

    /// <summary>Ends the open chunk, if there is one with something in it: an empty one would be the last.</summary>
    public void Close(Http1Output output)
    {
        if (Length > 0)
        {
            output.Writer.Advance(ChunkedEncoder.Frame(_chunk.Span, _prefix, Length));
        }

        this = default;
    }
}
