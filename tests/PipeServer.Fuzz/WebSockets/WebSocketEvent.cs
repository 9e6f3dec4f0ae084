using System.Globalization;
using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>What a client has received, whole: a message or a pong.</summary>
/// <param name="Kind">Its opcode.</param>
/// <param name="Payload">Decompressed and put together.</param>
internal readonly record struct WebSocketEvent(int Kind, byte[] Payload)
{
    private const int ShownBytes = 40;

    public bool Equals(WebSocketEvent other) => Kind == other.Kind && Payload.AsSpan().SequenceEqual(other.Payload);

    public override int GetHashCode() => HashCode.Combine(Kind, Payload.Length);

    /// <summary>For people: the kind, the length and how it begins.</summary>
    public override string ToString()
    {
        var kind = Kind switch { Opcode.Text => "text", Opcode.Binary => "binary", Opcode.Pong => "pong", _ => Kind.ToString(CultureInfo.InvariantCulture) };
        var shown = ParserCheck.Escape(Encoding.Latin1.GetString(Payload, 0, Math.Min(Payload.Length, ShownBytes)));
        return $"{kind} of {Payload.Length} '{shown}'";
    }
}
