using System.Buffers;
using PipeServer.Http.Frames;
using PipeServer.Http.Hpack;

namespace PipeServer.Server.Http2;

/// <summary>Frames the heads of a connection's responses, and the trailers: whatever is a header block, which no window stops. The owner's.</summary>
internal sealed class HeadSender(Http2Connection connection, FrameOutput output, ResponseSender sender)
{
    // Of this size a block of the transport has room behind other frames; a longer head is encoded aside.
    private const int UsualHeadBytes = 2048;

    /// <summary>Trailers follow the body.</summary>
    public static bool HasTrailers(Http2Stream stream) => stream.ExistingExtras is { HasTrailers: true } extras && extras.Trailers.Count > 0;

    /// <summary>An interim response (RFC 9110 §15.2).</summary>
    public void SendContinue(Http2Stream stream)
    {
        var room = output.Control(sender.Peer.IsTableUpdateDue ? 6 : 5, FrameType.Headers, FrameFlags.EndHeaders, stream.Id);
        room = room[WriteTableUpdate(room)..];
        (room[0], room[1]) = (0x08, 3); // a literal without indexing, whose name is :status of the static table, and its length
        "100"u8.CopyTo(room[2..]);
    }

    /// <summary>Sends the head of a response, with END_STREAM where nothing follows; whoever calls this says so to the connection.</summary>
    public void Send(Http2Stream stream)
    {
        var (body, response) = (stream.ResponseBody, stream.Response);
        body.MarkHeadSent();
        var endsStream = body is { IsEnding: true, IsHandedOver: false } && body.PendingLength == 0 && !HasTrailers(stream);
        var flags = endsStream ? FrameFlags.EndStream : FrameFlags.None;
        var server = connection.ServerFieldsOf(stream);
        var prepared = body.HeadFields is { } encoded ? encoded.Http2Fields : default;
        var most = connection.StrictTransport.Length + 1 + ResponseBlock.MaxBytes(server, response.ListedFields, response.TypeLine, prepared);
        if (most <= UsualHeadBytes)
        {
            var room = output.Take(FrameHeader.Bytes + most);
            var length = WriteHead(room[FrameHeader.Bytes..], stream, server, prepared);
            FrameHeader.Write(room, length, FrameType.Headers, flags | FrameFlags.EndHeaders, stream.Id);
            output.GiveBack(most - length);
        }
        else
        {
            var block = ArrayPool<byte>.Shared.Rent(most);
            SendBlock(stream.Id, block.AsSpan(0, WriteHead(block, stream, server, prepared)), flags);
            ArrayPool<byte>.Shared.Return(block);
        }

        stream.IsEndSent = endsStream;
    }

    private int WriteHead(Span<byte> room, Http2Stream stream, ReadOnlySpan<byte> server, ReadOnlySpan<byte> prepared)
    {
        var start = WriteTableUpdate(room);
        var response = stream.Response;
        start += ResponseBlock.Write(
            room[start..], response.StatusCode, server, response.ListedFields, response.TypeLine, stream.ResponseBody.HeadLength, prepared);
        if (connection.StrictTransport is { Length: > 0 } strict && stream.ResponseBody.HeadFields is not { HasStrictTransport: true }
            && response.ListedFields.IndexOf("Strict-Transport-Security"u8) < 0)
        {
            strict.CopyTo(room[start..]); // behind the status, which comes first
            start += strict.Length;
        }

        return start;
    }

    // RFC 7541 §4.2: in the first block behind the client's word for it, whichever that is. One byte.
    private int WriteTableUpdate(Span<byte> room)
    {
        if (!sender.Peer.IsTableUpdateDue)
        {
            return 0;
        }

        sender.Peer.IsTableUpdateDue = false;
        room[0] = ResponseBlock.NoTable;
        return 1;
    }

    /// <summary>Sends the trailers, which end the stream (RFC 9113 §8.1).</summary>
    public void SendTrailers(Http2Stream stream)
    {
        var trailers = stream.Extras.Trailers;
        var block = ArrayPool<byte>.Shared.Rent(1 + ResponseBlock.MaxTrailerBytes(trailers));
        var start = WriteTableUpdate(block);
        SendBlock(stream.Id, block.AsSpan(0, start + ResponseBlock.WriteTrailers(block.AsSpan(start), trailers)), FrameFlags.EndStream);
        ArrayPool<byte>.Shared.Return(block);
    }

    // In as many frames as it takes (RFC 9113 §6.10).
    private void SendBlock(int streamId, ReadOnlySpan<byte> block, FrameFlags flags)
    {
        var type = FrameType.Headers;
        do
        {
            var length = Math.Min(block.Length, FrameHeader.MaxLength);
            var room = output.Take(FrameHeader.Bytes + length);
            FrameHeader.Write(room, length, type, flags | (length == block.Length ? FrameFlags.EndHeaders : FrameFlags.None), streamId);
            block[..length].CopyTo(room[FrameHeader.Bytes..]);
            block = block[length..];
            (type, flags) = (FrameType.Continuation, FrameFlags.None);
        }
        while (!block.IsEmpty);
    }
}
