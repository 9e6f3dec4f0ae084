using System.Buffers;
using System.Runtime.CompilerServices;
using PipeServer.Http.Frames;
using PipeServer.Http.Hpack;

namespace PipeServer.Server.Http2;

/// <summary>
/// Frames the responses of a connection: HEADERS as soon as they are due, DATA within the windows, in pieces that take turns. The owner's.
/// </summary>
internal sealed class ResponseSender(Http2Connection connection, FrameOutput output)
{
    // Of this size a block of the transport has room behind other frames; a longer head is encoded aside.
    private const int UsualHeadBytes = 2048;

    private readonly SendQueue _queue = new();
    private long _windowStalledAt; // by the heartbeat's clock; 0: the connection's window is open
    private List<Http2Stream>? _ended; // by their heads, in the queue
    private bool _areHeadsDue; // some streams in the queue have none yet

    /// <summary>How much may be sent on all streams together.</summary>
    public int Window { get; set; }

    /// <summary>Streams wait in the queue: for the connection's window, or for the client to read.</summary>
    public bool IsWaiting => !_queue.IsEmpty;

    /// <summary>What the client wants.</summary>
    public PeerSettings Peer;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        Window = 65535;
        _windowStalledAt = 0;
        Peer.Reset();
        while (_queue.Peek() is not null)
        {
            _queue.RemoveFirst();
        }
    }

    /// <summary>Sends what a stream has, as far as that may go now; the rest takes its turn.</summary>
    public void Send(Http2Stream stream)
    {
        var body = stream.ResponseBody;
        if (output.IsBusy)
        {
            if (body.IsHeadDue || body.IsHandedOver || (body.IsEnding && !stream.IsEndSent))
            {
                _areHeadsDue |= body.IsHeadDue;
                _queue.Add(stream);
            }

            return;
        }

        if (body.IsHeadDue && IsHeadWanted(body))
        {
            SendHead(stream);
            if (stream.IsEndSent)
            {
                connection.OnEndSent(stream);
            }
        }

        if (stream.IsEndSent || !(body.IsHandedOver || body.IsEnding) || body.IsHeadDue)
        {
            return;
        }

        if (!_queue.IsEmpty || !TrySendWhole(stream))
        {
            Enqueue(stream);
        }
    }

    /// <summary>A stream is gone: nothing of it is sent.</summary>
    public void Remove(Http2Stream stream) => _queue.Remove(stream);

    /// <summary>The window of a stream has grown, or its priority has changed.</summary>
    public void Resume(Http2Stream stream)
    {
        if (stream.IsQueued && stream.QueuedUrgency != stream.Priority.Urgency)
        {
            _queue.Remove(stream);
            _queue.Add(stream);
        }
        else if (stream.StalledAt != 0 && stream.SendWindow > 0)
        {
            Enqueue(stream);
        }
    }

    /// <summary>Sends pieces in turn, until nothing may be sent any more or enough is written for one flush.</summary>
    public void Pump()
    {
        if (_queue.IsEmpty || output.IsBusy)
        {
            return;
        }

        if (_areHeadsDue)
        {
            SendDueHeads();
        }

        while (!output.IsFull && _queue.Peek() is { } stream)
        {
            var body = stream.ResponseBody;
            var pending = body.PendingLength;
            if (pending == 0)
            {
                EndTurn(stream);
                continue;
            }

            if (Window <= 0)
            {
                _windowStalledAt = _windowStalledAt == 0 ? Math.Max(1, connection.Deadlines.Now) : _windowStalledAt;
                connection.HasStalls = true;
                break;
            }

            _windowStalledAt = 0;
            if (stream.SendWindow <= 0)
            {
                _queue.RemoveFirst();
                Stall(stream);
                continue;
            }

            SendPiece(stream, Math.Min(Math.Min(pending, FrameHeader.MaxLength), Math.Min(Window, stream.SendWindow)));
            if (body.PendingLength == 0)
            {
                EndTurn(stream);
            }
            else if (stream.Priority.IsIncremental)
            {
                _queue.Rotate();
            }
        }
    }

    /// <summary>An interim response (RFC 9110 §15.2).</summary>
    public void SendContinue(Http2Stream stream)
    {
        var room = output.Control(5, FrameType.Headers, FrameFlags.EndHeaders, stream.Id);
        (room[0], room[1]) = (0x08, 3); // a literal without indexing, whose name is :status of the static table, and its length
        "100"u8.CopyTo(room[2..]);
    }

    /// <summary>Where the connection's window stops all streams of the queue, each of them has waited since it did.</summary>
    public void StallAll()
    {
        if (_windowStalledAt == 0 || Window > 0)
        {
            return;
        }

        foreach (var stream in _queue)
        {
            stream.StalledAt = stream.StalledAt == 0 ? Math.Max(_windowStalledAt, stream.OpenedAt) : stream.StalledAt;
        }
    }

    // A head is not sent before it is known whether anything follows it, unless the handler has flushed.
    private static bool IsHeadWanted(Http2ResponseBody body) => body.IsHandedOver || body.IsEnding;

    private void Enqueue(Http2Stream stream)
    {
        if (stream.StalledAt != 0)
        {
            EndStall(stream);
        }

        _areHeadsDue |= stream.ResponseBody.IsHeadDue;
        _queue.Add(stream);
    }

    private void SendDueHeads()
    {
        _areHeadsDue = false;
        foreach (var stream in _queue)
        {
            if (stream.ResponseBody.IsHeadDue)
            {
                SendHead(stream);
                if (stream.IsEndSent)
                {
                    (_ended ??= []).Add(stream);
                }
            }
        }

        if (_ended is { Count: > 0 } ended)
        {
            foreach (var stream in ended)
            {
                _queue.Remove(stream); // nothing of it waits for a window
                connection.OnEndSent(stream);
                connection.Look(stream);
            }

            ended.Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TrySendWhole(Http2Stream stream)
    {
        var length = stream.ResponseBody.PendingLength;
        if (length > stream.SendWindow || length > Window || length > FrameHeader.MaxLength)
        {
            return false;
        }

        if (length > 0)
        {
            SendPiece(stream, length);
        }

        EndPiece(stream);
        return true;
    }

    // With END_STREAM where it is the last one and nothing follows.
    private void SendPiece(Http2Stream stream, int length)
    {
        var body = stream.ResponseBody;
        var room = output.Take(FrameHeader.Bytes + length);
        var pending = body.Pending;
        var isLast = length == pending.Length && body is { IsEnding: true, IsHandedOver: false } && !HasTrailers(stream);
        FrameHeader.Write(room, length, FrameType.Data, isLast ? FrameFlags.EndStream : FrameFlags.None, stream.Id);
        pending[..length].CopyTo(room[FrameHeader.Bytes..]);
        body.MarkSent(length);
        Window -= length;
        stream.SendWindow -= length;
        stream.IsEndSent = isLast;
        connection.OnDataSent(length);
        if (stream.StalledAt != 0)
        {
            EndStall(stream);
        }

        if (stream.Stalls.Waited > 0)
        {
            stream.Stalls = (stream.Stalls.Sent + length, stream.Stalls.Waited);
        }
    }

    // Its handler may have ended long ago, and nobody else looks at it then.
    private void EndTurn(Http2Stream stream)
    {
        _queue.RemoveFirst();
        EndPiece(stream);
        if (stream.IsEndSent)
        {
            connection.Look(stream);
        }
    }

    // All that was handed over is sent.
    private void EndPiece(Http2Stream stream)
    {
        var body = stream.ResponseBody;
        if (body.IsHandedOver)
        {
            body.CompleteFlush();
            if (!body.IsEnding)
            {
                return;
            }

            if (!stream.IsEndSent && body.PendingLength > 0)
            {
                _queue.Add(stream); // what was written behind the last flush
                return;
            }
        }

        if (body.IsEnding && !stream.IsEndSent)
        {
            if (HasTrailers(stream))
            {
                SendTrailers(stream);
            }
            else
            {
                FrameHeader.Write(output.Take(FrameHeader.Bytes), 0, FrameType.Data, FrameFlags.EndStream, stream.Id);
            }

            stream.IsEndSent = true;
        }

        if (stream.IsEndSent)
        {
            connection.OnEndSent(stream);
        }
    }

    private void Stall(Http2Stream stream)
    {
        if (stream.StalledAt == 0)
        {
            stream.StalledAt = Math.Max(1, connection.Deadlines.Now);
            connection.HasStalls = true;
        }
    }

    private void EndStall(Http2Stream stream)
    {
        stream.Stalls = (stream.Stalls.Sent, stream.Stalls.Waited + Math.Max(1, connection.Deadlines.Now - stream.StalledAt));
        stream.StalledAt = 0;
    }

    private static bool HasTrailers(Http2Stream stream) => stream.ExistingExtras is { HasTrailers: true } extras && extras.Trailers.Count > 0;

    private void SendHead(Http2Stream stream)
    {
        var (body, response) = (stream.ResponseBody, stream.Response);
        body.MarkHeadSent();
        var endsStream = body is { IsEnding: true, IsHandedOver: false } && body.PendingLength == 0 && !HasTrailers(stream);
        var flags = endsStream ? FrameFlags.EndStream : FrameFlags.None;
        var server = connection.ServerFieldsOf(stream);
        var prepared = body.HeadFields is { } encoded ? encoded.Http2Fields : default;
        var most = connection.StrictTransport.Length + server.Length + 1 + ResponseBlock.MaxBytes(response.ListedFields, response.TypeLine, prepared);
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

        stream.IsEndSent = endsStream; // whoever calls this says so to the connection
    }

    private int WriteHead(Span<byte> room, Http2Stream stream, ReadOnlySpan<byte> server, ReadOnlySpan<byte> prepared)
    {
        var start = 0;
        if (Peer.IsTableUpdateDue)
        {
            Peer.IsTableUpdateDue = false;
            room[start++] = ResponseBlock.NoTable;
        }

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

    private void SendTrailers(Http2Stream stream)
    {
        var trailers = stream.Extras.Trailers;
        var block = ArrayPool<byte>.Shared.Rent(ResponseBlock.MaxTrailerBytes(trailers));
        SendBlock(stream.Id, block.AsSpan(0, ResponseBlock.WriteTrailers(block, trailers)), FrameFlags.EndStream);
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
