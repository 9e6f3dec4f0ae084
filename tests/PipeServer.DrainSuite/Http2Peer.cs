using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;

namespace PipeServer.DrainSuite;

/// <summary>
/// The client's end of one HTTP/2 connection (RFC 9113), frame by frame. It keeps to the protocol: it opens no stream once it is told that the server
/// goes, answers settings and pings, and sends no more than the server's windows allow.
/// </summary>
internal sealed class Http2Peer : IDisposable
{
    private const int Data = 0;
    private const int Headers = 1;
    private const int ResetStream = 3;
    private const int Settings = 4;
    private const int Ping = 6;
    private const int GoAway = 7;
    private const int WindowUpdate = 8;
    private const int Continuation = 9;
    private const int EndStream = 1; // and the acknowledgement of SETTINGS and PING
    private const int EndHeaders = 4;
    private const int Padded = 8;
    private const int Priority = 32;
    private const int RefusedStream = 7;
    private const int InitialWindowSize = 4;
    private const int MaxFrame = 16384;
    private const int DefaultWindow = 65535;
    private const int Ample = 1 << 24;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Wire _wire;
    private readonly bool _isTls;
    private readonly Channel<(byte[] Bytes, Task Before)> _outgoing = Channel.CreateUnbounded<(byte[] Bytes, Task Before)>();
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Http2Call> _open = [];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte[]> _heldPings = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _received = new();
    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _window = DefaultWindow;
    private int _serversWindow = DefaultWindow;
    private int _nextId = 1;
    private bool _hasEnded;
    private bool _holdsPings;

    private Http2Peer(Wire wire, bool isTls, int window, bool holdsPings, Task beforeHalfPreface)
    {
        _wire = wire;
        _isTls = isTls;
        _holdsPings = holdsPings;
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
        Enqueue(preface[..10]);
        Enqueue(preface[10..], beforeHalfPreface);

        // No table for header blocks, no pushes, and windows.
        Enqueue(Frame(Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, InitialWindowSize, .. Number(window)]));
        Enqueue(Frame(WindowUpdate, 0, 0, Number(1 << 30)));
        Ended = RunAsync();
    }

    /// <summary>Completes with the end of the connection: true when it was in order.</summary>
    public Task<bool> Ended { get; }

    /// <summary>Completes when the server says that it goes, or with the end of the connection.</summary>
    public Task Told => _told.Task;

    /// <summary>The last stream that the server takes, as far as it has said so; <see cref="int.MaxValue"/> before.</summary>
    public int LastStreamId { get; private set; } = int.MaxValue;

    /// <summary>How often the server has said that it goes.</summary>
    public int GoAways { get; private set; }

    /// <summary>The error that it went with; 0 for none.</summary>
    public uint Error { get; private set; }

    /// <summary>Connects; null when nobody listens, or when the handshake of TLS is not finished.</summary>
    public static async Task<Http2Peer?> TryConnectAsync(int port, bool isTls, int window = Ample, bool holdsPings = false)
    {
        var wire = await Client.TryConnectWireAsync(port, isTls, isHttp2: true);
        try
        {
            await (wire?.OpenAsync().WaitAsync(Patience) ?? Task.CompletedTask);
            return wire is null ? null : new Http2Peer(wire, isTls, window, holdsPings, Task.CompletedTask);
        }
        catch (IOException)
        {
            wire!.Dispose();
            return null;
        }
    }

    /// <summary>Connects, and does not wait for the handshake of TLS. Null when nobody listens.</summary>
    /// <param name="port">Where, on 127.0.0.1.</param>
    /// <param name="isTls">It speaks TLS.</param>
    /// <param name="beforeHalfPreface">The first half of the connection preface is sent at once, the rest after this.</param>
    public static async Task<Http2Peer?> TryBeginAsync(int port, bool isTls, Task? beforeHalfPreface = null)
    {
        var wire = await Client.TryConnectWireAsync(port, isTls, isHttp2: true);
        return wire is null ? null : new Http2Peer(wire, isTls, Ample, holdsPings: false, beforeHalfPreface ?? Task.CompletedTask);
    }

    /// <summary>Begins a request. Null when the server has said that it goes, or has gone: nothing was sent.</summary>
    /// <param name="path">GET, or POST where there is a body.</param>
    /// <param name="body">What is to be sent by <see cref="SendAsync"/>, and what is expected back; null: a GET.</param>
    /// <param name="beforeHalfHead">The first half of the header block is sent at once, the rest after this; nothing else goes between them.</param>
    /// <param name="evenIfTold">That the server goes keeps nobody from it.</param>
    public Http2Call? TryBegin(string path, string? body = null, Task? beforeHalfHead = null, bool evenIfTold = false)
    {
        lock (_gate)
        {
            if (_hasEnded || (GoAways > 0 && !evenIfTold))
            {
                return null;
            }

            var call = new Http2Call(_nextId, body) { Window = _serversWindow };
            _nextId += 2;
            _open.Add(call.Id, call);
            var block = Http2Block.Request(path, _isTls, body?.Length);
            var ends = body is null ? EndStream : 0;
            if (beforeHalfHead is null)
            {
                Enqueue(Frame(Headers, ends | EndHeaders, call.Id, block));
            }
            else
            {
                Enqueue(Frame(Headers, ends, call.Id, block.AsSpan(0, 5)));
                Enqueue(Frame(Continuation, EndHeaders, call.Id, block.AsSpan(5)), beforeHalfHead);
            }

            return call;
        }
    }

    /// <summary>Sends a piece of a body, as far as the windows allow, and waits for them. Ends early when nobody wants it any more.</summary>
    public async Task SendAsync(Http2Call call, string text, bool isLast = true)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var at = 0; ;)
        {
            Task opened;
            lock (_gate)
            {
                var count = (int)Math.Max(0, Math.Min(Math.Min(bytes.Length - at, MaxFrame), Math.Min(_window, call.Window)));
                if (count > 0 || bytes.Length == 0)
                {
                    var isEnd = isLast && at + count == bytes.Length;
                    Enqueue(Frame(Data, isEnd ? EndStream : 0, call.Id, bytes.AsSpan(at, count)));
                    (at, _window, call.Window) = (at + count, _window - count, call.Window - count);
                    if (at == bytes.Length)
                    {
                        return;
                    }

                    continue;
                }

                opened = _opened.Task;
            }

            await Task.WhenAny(opened, call.Fate).WaitAsync(Patience);
            if (call.Fate.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Sends a whole request, and waits for the whole answer.</summary>
    public async Task<RequestFate> ExchangeAsync(string path, string? body = null, bool evenIfTold = false)
    {
        if (TryBegin(path, body, evenIfTold: evenIfTold) is not { } call)
        {
            return RequestFate.RefusedBeforeSending;
        }

        await (body is null ? Task.CompletedTask : SendAsync(call, body));
        return await call.Fate.WaitAsync(Patience);
    }

    /// <summary>The server may send so much more on a stream.</summary>
    public void OpenWindow(Http2Call call, int count = Ample) => Enqueue(Frame(WindowUpdate, 0, call.Id, Number(count)));

    /// <summary>The request is not wanted any more.</summary>
    public void Cancel(Http2Call call) => Enqueue(Frame(ResetStream, 0, call.Id, Number(8)));

    /// <summary>Answers the pings that were held back, and those to come.</summary>
    public void AnswerPings()
    {
        lock (_gate)
        {
            _holdsPings = false;
            _heldPings.ForEach(payload => Enqueue(Frame(Ping, EndStream, 0, payload)));
            _heldPings.Clear();
        }
    }

    public void Dispose()
    {
        _outgoing.Writer.TryComplete();
        _wire.Dispose();
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Frame(int type, int flags, int id, ReadOnlySpan<byte> payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, (byte)flags, .. Number(id), .. payload];

    private void Enqueue(byte[] bytes, Task? before = null) => _outgoing.Writer.TryWrite((bytes, before ?? Task.CompletedTask));

    private async Task<bool> RunAsync()
    {
        var writing = WriteAsync();
        var isInOrder = false;
        try
        {
            await ReadAsync();
            isInOrder = _received.Length == 0 && _wire.HasEndedInOrder;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // It was reset, or is not wanted any more.
        }

        lock (_gate)
        {
            _hasEnded = true;
            foreach (var call in _open.Values)
            {
                call.End(call.Id > LastStreamId ? RequestFate.Retryable : isInOrder ? RequestFate.Lost : RequestFate.Reset);
            }
        }

        _told.TrySetResult();
        _over.TrySetResult();
        Dispose();
        await writing;
        return isInOrder;
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var (bytes, before) in _outgoing.Reader.ReadAllAsync())
            {
                await Task.WhenAny(before, _over.Task);
                await _wire.SendAsync(bytes);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // What the server says to it is read, or is missed.
        }
    }

    private async Task ReadAsync()
    {
        var block = new List<byte>();
        var endsStream = false;
        while (true)
        {
            var bytes = _received.GetBuffer().AsMemory(0, (int)_received.Length);
            var length = bytes.Length < 9 ? 0 : BinaryPrimitives.ReadInt32BigEndian(bytes.Span) >>> 8;
            if (bytes.Length < 9 || bytes.Length < 9 + length)
            {
                var count = await _wire.ReceiveAsync(_buffer);
                if (count == 0)
                {
                    return;
                }

                _received.Write(_buffer.AsSpan(0, count));
                continue;
            }

            var (type, flags, id) = (bytes.Span[3], bytes.Span[4], BinaryPrimitives.ReadInt32BigEndian(bytes.Span[5..]) & int.MaxValue);
            var payload = bytes.Slice(9, length).ToArray();
            Drop(9 + length);
            if (type is Headers or Continuation)
            {
                endsStream = type == Headers ? (flags & EndStream) != 0 : endsStream;
                block.AddRange(type == Headers ? Unpadded(flags, payload)[((flags & Priority) != 0 ? 5 : 0)..] : payload);
                if ((flags & EndHeaders) != 0)
                {
                    TakeBlock(id, [.. block], endsStream);
                    block.Clear();
                }
            }
            else
            {
                Take(type, flags, id, payload);
            }
        }
    }

    private void Drop(int count)
    {
        var rest = _received.GetBuffer().AsSpan(count, (int)_received.Length - count).ToArray();
        _received.SetLength(0);
        _received.Write(rest);
    }

    private static byte[] Unpadded(int flags, byte[] payload) => (flags & Padded) == 0 ? payload : payload[1..^payload[0]];

    private void TakeBlock(int id, byte[] block, bool endsStream)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(id, out var call))
            {
                call.AddHead(Http2Block.IsOk(block));
                EndIf(endsStream, call);
            }
        }
    }

    private void Take(int type, int flags, int id, byte[] payload)
    {
        lock (_gate)
        {
            var call = _open.GetValueOrDefault(id);
            switch (type)
            {
                case Data when call is not null:
                    call.AddBody(Unpadded(flags, payload));
                    EndIf((flags & EndStream) != 0, call);
                    break;
                case ResetStream when call is not null:
                    _open.Remove(id);
                    call.End(BinaryPrimitives.ReadUInt32BigEndian(payload) == RefusedStream ? RequestFate.Retryable : RequestFate.Lost);
                    break;
                case Settings when (flags & EndStream) == 0:
                    TakeSettings(payload);
                    break;
                case Ping when (flags & EndStream) == 0 && _holdsPings:
                    _heldPings.Add(payload);
                    break;
                case Ping when (flags & EndStream) == 0:
                    Enqueue(Frame(Ping, EndStream, 0, payload));
                    break;
                case GoAway:
                    TakeGoAway(payload);
                    break;
                case WindowUpdate when id == 0:
                    _window += BinaryPrimitives.ReadInt32BigEndian(payload);
                    WindowsHaveChanged();
                    break;
                case WindowUpdate when call is not null:
                    call.Window += BinaryPrimitives.ReadInt32BigEndian(payload);
                    WindowsHaveChanged();
                    break;
            }
        }
    }

    private void EndIf(bool endsStream, Http2Call call)
    {
        if (endsStream)
        {
            _open.Remove(call.Id);
            call.End();
        }
    }

    private void TakeSettings(byte[] payload)
    {
        for (var at = 0; at + 6 <= payload.Length; at += 6)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(at)) == InitialWindowSize)
            {
                var window = BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(at + 2));
                foreach (var call in _open.Values)
                {
                    call.Window += window - _serversWindow;
                }

                _serversWindow = window;
            }
        }

        Enqueue(Frame(Settings, EndStream, 0, []));
        WindowsHaveChanged();
    }

    private void TakeGoAway(byte[] payload)
    {
        GoAways++;
        LastStreamId = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        Error = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4));
        foreach (var call in _open.Values.Where(call => call.Id > LastStreamId).ToList())
        {
            _open.Remove(call.Id);
            call.End(RequestFate.Retryable);
        }

        _told.TrySetResult();
    }

    private void WindowsHaveChanged()
    {
        _opened.TrySetResult();
        _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
