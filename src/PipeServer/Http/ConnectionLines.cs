using System.Text;
using PipeServer.Http.Hpack;

namespace PipeServer.Http;

/// <summary>
/// What a response says about its connection, as field lines that are encoded once: the Connection field, and behind it
/// Strict-Transport-Security (RFC 6797 §6.1), where the connection is one that says it. Immutable.
/// </summary>
internal sealed class ConnectionLines
{
    /// <param name="strictTransport">The value of Strict-Transport-Security; null for no such field.</param>
    public ConnectionLines(string? strictTransport)
    {
        var line = strictTransport is null ? "" : $"Strict-Transport-Security: {strictTransport}\r\n";
        Open = line.Length == 0 ? null : Encoding.ASCII.GetBytes(line);
        Close = Encoding.ASCII.GetBytes("Connection: close\r\n" + line);
        KeepAlive = Encoding.ASCII.GetBytes("Connection: keep-alive\r\n" + line);
        Upgrade = Encoding.ASCII.GetBytes("Connection: Upgrade\r\n" + line);
    }

    /// <summary>Those of a connection that has no Strict-Transport-Security field.</summary>
    public static ConnectionLines Plain { get; } = new(strictTransport: null);

    /// <summary>No Connection field: the version's default holds. Null where that leaves nothing.</summary>
    public byte[]? Open { get; }

    /// <summary>The same as HTTP/2 has it, whose responses say nothing else about their connection; empty where that leaves nothing.</summary>
    public byte[] Http2 => field ??= ResponseBlock.EncodeLines(Open);

    /// <summary><c>Connection: close</c></summary>
    public byte[] Close { get; }

    /// <summary><c>Connection: keep-alive</c>, without which an HTTP/1.0 client expects the connection to close.</summary>
    public byte[] KeepAlive { get; }

    /// <summary><c>Connection: Upgrade</c>, with a 101.</summary>
    public byte[] Upgrade { get; }
}
