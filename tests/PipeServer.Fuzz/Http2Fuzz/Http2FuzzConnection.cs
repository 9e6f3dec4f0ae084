using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>
/// One connection of the fuzzer: sends an attack piece by piece, holds each frame that comes against what a server may send at that moment, waits until it
/// has what it is owed, and ends.
/// </summary>
/// <param name="stream">What carries it.</param>
/// <param name="endSending">Ends the client's direction of it.</param>
/// <param name="attack">What is sent.</param>
/// <param name="expected">What may come of it.</param>
internal sealed class Http2FuzzConnection(Stream stream, Action endSending, Http2Attack attack, Http2Expectation expected)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Http2FrameReader _reader = new(stream);
    private readonly Http2Conversation _conversation = new();
    private readonly TaskCompletionSource _hasAll = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<int> _strangers = [];
    private string? _fault;
    private int _noted;
    private bool _isSent;

    /// <summary>What came, for a finding.</summary>
    public Http2Conversation Conversation => _conversation;

    /// <summary>Which error it ended with; null for none.</summary>
    public int? Code => _conversation.GoAway?.GoAwayCode is var code and not 0 ? code : null;

    /// <summary>Sends, and reads to the end; null, or what should not have happened.</summary>
    public async Task<string?> RunAsync()
    {
        if (!expected.IsHttp2)
        {
            return await RunBlindlyAsync();
        }

        var reading = ReadAsync();
        var endedByClient = false;
        try
        {
            await SendAsync().WaitAsync(Patience);
            lock (_conversation)
            {
                _isSent = true;
            }

            CompleteWhenAllIsThere();
            await Task.WhenAny(_hasAll.Task, reading).WaitAsync(Patience);
            endedByClient = !reading.IsCompleted;
            endSending();
            await reading.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            return $"a hang: the server {(endedByClient ? "does not end the connection" : "neither answers nor ends the connection")}; {Describe()}";
        }

        return (_fault ?? expected.Check(_conversation, _reader.IsReset, endedByClient)) is { } fault ? $"{fault}; {Describe()}" : null;
    }

    /// <summary>Sends only a part, and leaves without a word.</summary>
    public async Task LeaveAsync(Action leave, int count)
    {
        var reading = ReadAsync();
        await SendPieceAsync(attack.Bytes.AsMemory(0, Math.Min(count, attack.Bytes.Length))).WaitAsync(Patience);
        leave();
        await reading.WaitAsync(Patience);
    }

    private string Describe() =>
        $"sent: {string.Join("; ", expected.Frames.TakeLast(30).Select(static item => Text(item.Frame)))}; "
        + $"expected: must end {string.Join(",", expected.MustEndWith ?? [])}, may end {string.Join(",", expected.MayEndWith)}; {_conversation}";

    private static string Text(Http2Frame frame) =>
        frame.Kind == FrameKind.Settings && frame.Payload.Length % 6 == 0 ? $"{frame} ({string.Join(", ", frame.Settings.Select(static one => $"{one.Id}={one.Value}"))})" : frame.ToString();

    // What does not begin as HTTP/2 does may be HTTP/1.1, or nothing: it only has to end.
    private async Task<string?> RunBlindlyAsync()
    {
        try
        {
            var reading = stream.CopyToAsync(Stream.Null);
            await SendAsync().WaitAsync(Patience);
            endSending();
            await reading.WaitAsync(Patience);
            return null;
        }
        catch (TimeoutException)
        {
            return "the server does not end a connection that does not begin as one of HTTP/2";
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return null; // a reset is an end, too
        }
    }

    private async Task SendAsync()
    {
        var at = 0;
        foreach (var piece in attack.Pieces())
        {
            at += piece.Length;
            lock (_conversation)
            {
                if (_conversation.GoAway is { GoAwayCode: not 0 } || _reader.HasEnded)
                {
                    return; // it would go nowhere, and may cut off what is on its way here
                }

                for (; _noted < expected.Frames.Count && expected.Frames[_noted].End <= at; _noted++)
                {
                    Note(expected.Frames[_noted].Frame);
                }
            }

            await SendPieceAsync(piece);
            await Task.Yield();
        }
    }

    // Streams below one that was opened are closed, and may be reset, though they were never opened; idle ones must not (RFC 9113 §6.4).
    private void Note(Http2Frame frame)
    {
        if (frame.Kind == FrameKind.Headers && _strangers.Remove(frame.StreamId))
        {
            _conversation.Responses.Remove(frame.StreamId);
        }

        _conversation.Note(frame);
        if (frame.StreamId > 0 && frame.StreamId <= _conversation.Responses.Keys.DefaultIfEmpty(0).Max())
        {
            if (_conversation.Responses.TryAdd(frame.StreamId, new Http2Response(frame.StreamId)))
            {
                _strangers.Add(frame.StreamId);
            }

            if (expected.Streams.TryGetValue(frame.StreamId, out var stream))
            {
                _conversation.Responses[frame.StreamId].IsHead = stream.IsHead;
            }
        }
    }

    // Each frame that comes on a closed stream may be answered by one (RFC 9113 §5.4.2).
    private bool IsOneMoreReset(Http2Frame frame) =>
        frame is { Kind: FrameKind.RstStream, Payload.Length: 4 } && _conversation.Responses.TryGetValue(frame.StreamId, out var response) && response.ResetCode is not null
        && expected.Streams.TryGetValue(frame.StreamId, out var stream) && stream.ResetCodes.Contains(frame.Number);

    private async Task SendPieceAsync(ReadOnlyMemory<byte> piece)
    {
        try
        {
            await stream.WriteAsync(piece);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // What the server says to it is read, or is missed.
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _reader.ReadAsync(_conversation.MaxFrameBytes) is { } frame)
            {
                lock (_conversation)
                {
                    if (!IsOneMoreReset(frame))
                    {
                        _conversation.Take(frame);
                    }
                }

                CompleteWhenAllIsThere();
            }

            _fault ??= _reader.IsTruncated && !_reader.IsReset ? "the connection ends within a frame" : null;
        }
        catch (InvalidDataException exception)
        {
            _fault ??= exception.Message;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            // The end of patience is told by who waits for this.
        }
    }

    // What the client is owed when nothing more comes of it: each answer, each pong, each acknowledgement; or the end, if that is what it has asked for.
    private void CompleteWhenAllIsThere()
    {
        lock (_conversation)
        {
            var isOver = _conversation.GoAway is { GoAwayCode: not 0 };
            var hasAll = _isSent && expected.MustEndWith is null
                && expected.Streams.All(stream => (!stream.Value.MustBeAnswered && !stream.Value.MustBeRefused)
                    || (_conversation.Responses.TryGetValue(stream.Key, out var response) && response.IsOver))
                && _conversation.UnansweredPings == 0 && _conversation.UnacknowledgedSettings == 0;
            if (isOver || hasAll)
            {
                _hasAll.TrySetResult();
            }
        }
    }
}
