using System.Buffers.Text;
using System.Globalization;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The answers that the server itself gives instead of a handler: status and words from <see cref="RequestErrors"/>, and the
/// visitor's page where there is one.
/// </summary>
/// <param name="getPage">Gives the page for a request; empty for none.</param>
internal sealed class ErrorAnswers(Func<HttpRequest, ReadOnlyMemory<byte>> getPage)
{
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>The answer to a client beyond the limit of connections, which is sent before anything is read.</summary>
    public PreparedResponse TooManyConnections { get; } = new(
        RequestErrors.Status(RequestError.TooManyConnections),
        [new("Retry-After", "1"), new("Content-Type", PlainText)],
        RequestErrors.Body(RequestError.TooManyConnections).ToArray());

    /// <summary>The answer to a client that is refused for this reason before anything is read.</summary>
    public PreparedResponse Unread(RequestError reason) => reason == RequestError.TooManyConnections
        ? TooManyConnections
        : new PreparedResponse(RequestErrors.Status(reason), [new("Content-Type", PlainText)], RequestErrors.Body(reason).ToArray());

    /// <summary>Writes the whole answer.</summary>
    /// <param name="exchange">The request, and its response, in which nothing is set.</param>
    /// <param name="error">What it says.</param>
    /// <param name="retryAfterSeconds">
    /// When a client that was turned away may come again. The queue empties in well under a second unless all workers are stuck, and then no
    /// number would be right.
    /// </param>
    public void Write(Exchange exchange, RequestError error, int retryAfterSeconds = 1)
    {
        var response = exchange.Response;
        response.StatusCode = RequestErrors.Status(error);
        if (error is RequestError.QueueFull or RequestError.QueueTimeout or RequestError.TooManyRequests)
        {
            SetRetryAfter(response, retryAfterSeconds);
        }

        if (error == RequestError.UpgradeRequired)
        {
            response.ListedFields.Append("Upgrade"u8, "websocket"u8, KnownHeader.Other);
            response.ListedFields.Append("Connection"u8, "Upgrade"u8, KnownHeader.Connection);
            response.ListedFields.Append("Sec-WebSocket-Version"u8, "13"u8, KnownHeader.Other);
        }

        if (error == RequestError.BadWebSocketHandshake && exchange.Head.IsHttp2)
        {
            response.ListedFields.Append("Sec-WebSocket-Version"u8, "13"u8, KnownHeader.Other); // RFC 6455 §4.4; there is no 426 in HTTP/2
        }

        if (response.StatusCode is 500 or 503 && getPage(exchange.Request) is { IsEmpty: false } page)
        {
            response.WriteBytes(page.Span, "text/html; charset=utf-8");
        }
        else
        {
            response.WriteBytes(RequestErrors.Body(error), PlainText);
        }
    }

    /// <summary>Writes the whole answer to a request that its handler has found unfit.</summary>
    /// <param name="response">Its response, in which nothing is set.</param>
    /// <param name="bad">What the handler has thrown.</param>
    public static void Write(HttpResponse response, BadHttpRequestException bad)
    {
        response.StatusCode = bad.StatusCode;
        foreach (var (name, value) in bad.Fields)
        {
            response.Headers.Add(name, value);
        }

        // A message may quote what the client has sent: it is text, whatever it looks like.
        response.Headers["X-Content-Type-Options"] = "nosniff";
        var phrase = StatusLine.ReasonPhrase(bad.StatusCode);
        response.WriteText(string.Create(CultureInfo.InvariantCulture, $"{bad.StatusCode}{(phrase.Length > 0 ? " " : "")}{phrase}: {bad.Text}\n"));
    }

    // As digits, because this is the way of a flood, for which nothing is allocated.
    private static void SetRetryAfter(HttpResponse response, int seconds)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(seconds, digits, out var length);
        response.ListedFields.Append("Retry-After"u8, digits[..length], KnownHeader.Other);
    }
}
