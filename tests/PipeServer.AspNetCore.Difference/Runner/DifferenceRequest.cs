using System.Globalization;
using System.Text;

namespace Difference.Runner;

/// <summary>One named request that both servers are sent. Over HTTP/1.1 its bytes are exactly these; over HTTP/2 the client writes them.</summary>
internal sealed record DifferenceRequest(string Name, string Method, string Target)
{
    /// <summary>The headers beside Host, as they go out.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The body, or null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The body goes in chunks of this many bytes; 0 sends it whole under a Content-Length.</summary>
    public int ChunkSize { get; init; }

    /// <summary>Trailer lines behind a chunked body.</summary>
    public string Trailers { get; init; } = "";

    /// <summary>The whole request as bytes, where the fields cannot say it.</summary>
    public byte[]? Raw { get; init; }

    /// <summary>How many times it is sent, each behind the answer to the one before.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Sent over HTTP/2 too. No request that only HTTP/1.1 can say.</summary>
    public bool OverHttp2 { get; init; } = true;

    /// <summary>The body is compared by length only: of a long one nobody reads the text.</summary>
    public bool IsLarge { get; init; }

    public string Host { get; init; } = "example.test";

    public DifferenceRequest With(params (string Name, string Value)[] headers) => this with { Headers = [.. Headers, .. headers] };

    public DifferenceRequest WithText(string body, string contentType) =>
        With(("Content-Type", contentType)) with { Body = Encoding.UTF8.GetBytes(body) };

    public DifferenceRequest OverHttp1Only() => this with { OverHttp2 = false };

    /// <summary>A request of which every byte is given; Latin-1.</summary>
    public static DifferenceRequest OfBytes(string name, string raw, string method = "GET") =>
        new(name, method, "") { Raw = Encoding.Latin1.GetBytes(raw), OverHttp2 = false };

    /// <summary>The request as HTTP/1.1 writes it.</summary>
    public byte[] ToBytes()
    {
        if (Raw is not null)
        {
            return Raw;
        }

        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\nHost: {Host}\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (Body is null)
        {
            return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
        }

        head.Append(ChunkSize > 0 ? "Transfer-Encoding: chunked\r\n\r\n" : string.Create(CultureInfo.InvariantCulture,
            $"Content-Length: {Body.Length}\r\n\r\n"));
        using var bytes = new MemoryStream();
        bytes.Write(Encoding.Latin1.GetBytes(head.ToString()));
        WriteBody(bytes, Body);
        return bytes.ToArray();
    }

    private void WriteBody(MemoryStream bytes, byte[] body)
    {
        if (ChunkSize == 0)
        {
            bytes.Write(body);
            return;
        }

        foreach (var chunk in body.Chunk(ChunkSize))
        {
            bytes.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{chunk.Length:x}\r\n")));
            bytes.Write(chunk);
            bytes.Write("\r\n"u8);
        }

        bytes.Write(Encoding.Latin1.GetBytes($"0\r\n{Trailers}\r\n"));
    }
}
