using System.Net.Sockets;

namespace PipeServer.Fuzz.Http2;

/// <summary>
/// A client of raw frames over any stream, which can be right and wrong. Frames are read when somebody asks for something, by one caller at a time, and
/// each is held against what a server may send (<see cref="Http2Conversation"/>); sending is possible beside it.
/// </summary>
internal sealed class Http2TestClient(Stream stream) : IAsyncDisposable
{
    private const int UpdateBytes = 16 * 1024;
    private readonly Http2FrameReader _reader = new(stream);
    private readonly SemaphoreSlim _sending = new(1);
    private int _nextStream = 1;
    private int _pingNumber;

    public Http2Conversation Conversation { get; } = new();

    /// <summary>How long anything may take.</summary>
    public TimeSpan Patience
    {
        get => _reader.Patience;
        set => _reader.Patience = value;
    }

    /// <summary>The streams that the client has opened, by number.</summary>
    public SortedDictionary<int, Http2Response> Responses => Conversation.Responses;

    /// <summary>The last GOAWAY that came.</summary>
    public Http2Frame? GoAway => Conversation.GoAway;

    /// <summary>The server has ended the connection.</summary>
    public bool HasEnded => _reader.HasEnded;

    /// <summary>It has reset it.</summary>
    public bool IsReset => _reader.IsReset;

    /// <summary>SETTINGS are acknowledged as they come.</summary>
    public bool AnswersSettings { get; set; } = true;

    /// <summary>PINGs are answered as they come.</summary>
    public bool AnswersPings { get; set; } = true;

    /// <summary>DATA that has come is acknowledged by WINDOW_UPDATE, on the connection too.</summary>
    public bool OpensWindows { get; set; } = true;

    /// <summary>Streams whose windows stay as they are.</summary>
    public HashSet<int> HeldStreams { get; } = [];

    /// <summary>The scheme of requests.</summary>
    public string Scheme { get; set; } = "http";

    /// <summary>How heads are encoded.</summary>
    public NaiveHpackEncoder Encoder { get; } = new();

    public Stream Stream => stream;

    public static string Tag(int number) => number.ToString("D8", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The preface and SETTINGS; waits for the server's and for its ACK.</summary>
    public async Task StartAsync(params (int Id, long Value)[] settings)
    {
        var first = Http2Frame.SettingsOf(settings);
        Conversation.Note(first);
        await SendBytesAsync((byte[])[.. Http2Frame.Preface, .. first.Encode()]);
        await UntilAsync(() => Conversation.ServerSettings.Count > 0 && Conversation.UnacknowledgedSettings == 0, "the server's SETTINGS and its ACK");
    }

    /// <summary>Sends frames in one piece.</summary>
    public Task SendAsync(params IEnumerable<Http2Frame> frames)
    {
        var all = frames.ToList();
        lock (Conversation)
        {
            all.ForEach(Conversation.Note);
        }

        return SendBytesAsync(all.SelectMany(static frame => frame.Encode()).ToArray());
    }

    /// <summary>Sends any bytes; what they mean must have been noted before (<see cref="Http2Conversation.Note"/>). Silent when the connection is gone.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync();
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await stream.WriteAsync(bytes, patience.Token);
            await stream.FlushAsync(patience.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The server has ended the connection: the reader tells.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next frame, which has been taken into account and answered where that is due; null at the end.</summary>
    public async Task<Http2Frame?> ReadAsync()
    {
        var frame = await _reader.ReadAsync(Conversation.MaxFrameBytes);
        if (frame is null)
        {
            return null;
        }

        lock (Conversation)
        {
            Conversation.Take(frame);
        }

        if (frame.Kind == FrameKind.Settings && !frame.IsAck && AnswersSettings)
        {
            await SendAsync(Http2Frame.SettingsAck());
        }
        else if (frame.Kind == FrameKind.Ping && !frame.IsAck && AnswersPings)
        {
            await SendAsync(frame with { Flags = Flag.Ack });
        }
        else if (frame.Kind == FrameKind.Data && OpensWindows)
        {
            await OpenWindowsAsync(frame.StreamId);
        }

        return frame;
    }

    /// <summary>Reads until something is so. Throws where the connection ends before.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        var clock = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (await ReadAsync() is null)
            {
                throw new IOException($"The connection ended ({(IsReset ? "reset" : "closed")}) before {what}; {Conversation}");
            }

            if (TimeProvider.System.GetElapsedTime(clock) > Patience)
            {
                throw new TimeoutException($"Not in time: {what}; {Conversation}");
            }
        }
    }

    /// <summary>Reads until the connection ends; gives the last GOAWAY.</summary>
    public async Task<Http2Frame?> EndAsync()
    {
        var clock = TimeProvider.System.GetTimestamp();
        while (await ReadAsync() is not null)
        {
            if (TimeProvider.System.GetElapsedTime(clock) > Patience)
            {
                throw new TimeoutException($"The connection does not end; {Conversation}");
            }
        }

        return GoAway;
    }

    /// <summary>Sends a PING and reads until its answer: all that was sent before has been seen by then.</summary>
    public async Task PingAsync()
    {
        await SendAsync(Http2Frame.Ping(Tag(_pingNumber++)));
        await UntilAsync(() => Conversation.UnansweredPings == 0, "the answer to a PING");
    }

    /// <summary>The number of the next stream, which is taken by that.</summary>
    public int TakeStream() => (_nextStream += 2) - 2;

    /// <summary>The fields of a request, its pseudo-header fields first.</summary>
    public List<Field> Fields(string method, string path, params IEnumerable<Field> more) =>
        [new(":method", method), new(":scheme", Scheme), new(":path", path), new(":authority", "localhost"), .. more];

    /// <summary>Sends a request without a body; gives its stream.</summary>
    public Task<int> RequestAsync(string method, string path, params IEnumerable<Field> more) => SendHeadAsync(Fields(method, path, more), end: true);

    /// <summary>Sends the head of a request whose body follows; gives its stream.</summary>
    public Task<int> OpenAsync(string method, string path, params IEnumerable<Field> more) => SendHeadAsync(Fields(method, path, more), end: false);

    /// <summary>Sends any head on a new stream; gives that.</summary>
    public async Task<int> SendHeadAsync(IReadOnlyList<Field> fields, bool end)
    {
        var id = TakeStream();
        var frames = Http2Frame.Head(id, Encoder.Encode(fields), end).ToList();
        lock (Conversation)
        {
            frames.ForEach(Conversation.Note);
            Responses[id].IsHead = fields.Any(static field => field is { Name: ":method", Value: "HEAD" });
        }

        await SendBytesAsync(frames.SelectMany(static frame => frame.Encode()).ToArray());
        return id;
    }

    /// <summary>Sends a part of a body as the windows allow, and reads while they do not.</summary>
    public async Task SendDataAsync(int id, ReadOnlyMemory<byte> bytes, bool end = true)
    {
        var response = Responses[id];
        do
        {
            await UntilAsync(() => bytes.Length == 0 || response.IsOver || Math.Min(response.SendWindow, Conversation.SendWindow) > 0, $"a window for {bytes.Length} bytes of stream {id}");
            if (response.IsOver)
            {
                return; // the server has answered without the rest, or has reset the stream
            }

            var most = Math.Min(Math.Min(response.SendWindow, Conversation.SendWindow), Conversation.ServerSettings.GetValueOrDefault(Setting.MaxFrameSize, 16384u));
            var piece = bytes[..(int)Math.Min(bytes.Length, most)];
            bytes = bytes[piece.Length..];
            await SendAsync(Http2Frame.Data(id, piece.Span, end && bytes.Length == 0));
        }
        while (bytes.Length > 0);
    }

    /// <summary>Ends a request by trailers.</summary>
    public Task SendTrailersAsync(int id, params IEnumerable<Field> trailers) => SendAsync(Http2Frame.Head(id, Encoder.Encode(trailers), end: true));

    /// <summary>Reads until a stream is over, by END_STREAM or RST_STREAM.</summary>
    public async Task<Http2Response> ResponseAsync(int id)
    {
        await UntilAsync(() => Responses[id].IsOver, $"the end of stream {id}");
        return Responses[id];
    }

    public async Task<Http2Response> GetAsync(string path, params IEnumerable<Field> more) => await ResponseAsync(await RequestAsync("GET", path, more));

    public async Task<Http2Response> PostAsync(string path, ReadOnlyMemory<byte> body, params IEnumerable<Field> more)
    {
        var id = await OpenAsync("POST", path, more);
        await SendDataAsync(id, body);
        return await ResponseAsync(id);
    }

    public async ValueTask DisposeAsync()
    {
        _sending.Dispose();
        await stream.DisposeAsync();
    }

    private async Task OpenWindowsAsync(int id)
    {
        var updates = new List<Http2Frame>();
        var response = Responses[id];
        if (Conversation.Unacknowledged >= UpdateBytes)
        {
            updates.Add(Http2Frame.WindowUpdate(0, Conversation.Unacknowledged));
            Conversation.Unacknowledged = 0;
        }

        if (response.Unacknowledged > 0 && !response.IsOver && !response.IsAbandoned && !HeldStreams.Contains(id))
        {
            updates.Add(Http2Frame.WindowUpdate(id, response.Unacknowledged));
            response.Unacknowledged = 0;
        }

        if (updates.Count > 0)
        {
            await SendAsync(updates);
        }
    }
}
