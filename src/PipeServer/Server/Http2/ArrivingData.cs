using System.Buffers;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>
/// What has come of a DATA frame that is not whole yet: a client is judged by its bytes, and of a slow one a frame may take a minute. The owner's.
/// </summary>
internal struct ArrivingData
{
    // The longest record of TLS with what encryption adds (RFC 8446 §5.2): nothing of it can be read before it has come as a whole.
    private const int LongestRecord = 16384 + 256;

    private int _bytes;
    private long _received; // over the wire

    /// <summary>The stream of a frame of DATA that is not whole; 0: there is none.</summary>
    public int StreamId { get; private set; }

    /// <summary>Looks at what the whole frames have left of a read.</summary>
    public void Note(in ReadOnlySequence<byte> rest, Connection connection)
    {
        _received = connection.IsTls ? connection.Transport.BytesReceived : 0;
        StreamId = 0;
        if (rest.Length < FrameHeader.Bytes)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[FrameHeader.Bytes];
        rest.Slice(0, FrameHeader.Bytes).CopyTo(bytes);
        var header = FrameHeader.Read(bytes);
        if (header.Type == FrameType.Data)
        {
            (StreamId, _bytes) = (header.StreamId, (int)Math.Min(rest.Length, int.MaxValue) - FrameHeader.Bytes);
        }
    }

    /// <summary>How many bytes count for the body of a stream beside those it has. Of a record any stream's may be: it counts for each.</summary>
    public readonly int BytesOf(int streamId, Connection connection) =>
        (streamId == StreamId ? _bytes : 0)
        + (connection.IsTls ? (int)Math.Clamp(connection.Transport.BytesReceived - _received, 0, LongestRecord) : 0);
}
