using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>Builds the table of <see cref="WebSocketCases"/>.</summary>
internal sealed class CaseTable
{
    private readonly List<WebSocketCase> _all = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<WebSocketCase> All => _all;

    /// <summary>What the next cases are about.</summary>
    public string Section { get; set; } = "";

    /// <summary>The route of the next cases.</summary>
    public string Path { get; set; } = "/ws";

    /// <summary>What the next cases offer.</summary>
    public string? Extensions { get; set; }

    /// <summary>The connection goes on.</summary>
    public void Open(string id, WebSocketEvent[] events, params Frame[] frames) => Add(id, Encode(frames), events);

    /// <summary>The server fails it.</summary>
    public void Fails(string id, int code, params Frame[] frames) => Add(id, Encode(frames), [], code);

    /// <summary>The server fails it, after it has answered some.</summary>
    public void Fails(string id, int code, WebSocketEvent[] events, params Frame[] frames) => Add(id, Encode(frames), events, code);

    /// <summary>Any bytes, and the codes that the server may close with.</summary>
    public void Add(string id, byte[] bytes, WebSocketEvent[] events, params int[] close) =>
        _all.Add(new WebSocketCase(id, Section, bytes, events, close) { Path = Path, Extensions = Extensions });

    /// <summary>The client ends its direction behind the bytes.</summary>
    public void Cut(string id, byte[] bytes, WebSocketEvent[] events, params int[] close) =>
        _all.Add(new WebSocketCase(id, Section, bytes, events, close) { Path = Path, Extensions = Extensions, IsCut = true });

    public static byte[] Encode(params Frame[] frames) => [.. frames.SelectMany(static frame => frame.Encode())];

    public static Frame Text(string text) => new(Opcode.Text, Encoding.UTF8.GetBytes(text));

    public static Frame Text(params byte[] bytes) => new(Opcode.Text, bytes);

    public static Frame Binary(params byte[] bytes) => new(Opcode.Binary, bytes);

    public static Frame More(string text) => new(Opcode.Continuation, Encoding.UTF8.GetBytes(text));

    public static Frame More(params byte[] bytes) => new(Opcode.Continuation, bytes);

    public static Frame Ping(params byte[] bytes) => new(Opcode.Ping, bytes);

    public static Frame Pong(params byte[] bytes) => new(Opcode.Pong, bytes);

    public static Frame Close(params byte[] bytes) => new(Opcode.Close, bytes);

    public static Frame Close(int code, string reason = "") => new(Opcode.Close, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    public static WebSocketEvent Texted(string text) => new(Opcode.Text, Encoding.UTF8.GetBytes(text));

    public static WebSocketEvent Texted(byte[] bytes) => new(Opcode.Text, bytes);

    public static WebSocketEvent Binaried(byte[] bytes) => new(Opcode.Binary, bytes);

    public static WebSocketEvent Ponged(params byte[] bytes) => new(Opcode.Pong, bytes);

    /// <summary>One message as frames of so many bytes.</summary>
    public static Frame[] Fragments(Frame message, int size)
    {
        var pieces = message.Payload.Chunk(size).ToArray();
        return [.. pieces.Select((piece, number) => message with
        {
            Kind = number == 0 ? message.Kind : Opcode.Continuation,
            Reserved = number == 0 ? message.Reserved : 0,
            Payload = piece,
            IsFinal = number == pieces.Length - 1,
        })];
    }

    /// <summary>Bytes of any values; the same ones for the same length.</summary>
    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
