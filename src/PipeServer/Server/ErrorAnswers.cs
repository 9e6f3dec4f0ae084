using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The answers that the server itself gives instead of a handler: status and words from <see cref="RequestErrors"/>, and the
/// visitor's page where there is one.
/// </summary>
internal sealed class ErrorAnswers(Func<ReadOnlyMemory<byte>> getPage)
{
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>The answer to a client beyond the limit of connections, which is sent before anything is read.</summary>
    public PreparedResponse TooManyConnections { get; } = new(
        RequestErrors.Status(RequestError.TooManyConnections),
        [new("Retry-After", RetryAfterSeconds), new("Content-Type", PlainText)],
        RequestErrors.Body(RequestError.TooManyConnections).ToArray());

    // The queue empties in well under a second unless all workers are stuck, and then no number would be right.
    private static string RetryAfterSeconds => "1";

    /// <summary>Writes the whole answer.</summary>
    public void Write(HttpResponse response, RequestError error)
    {
        response.StatusCode = RequestErrors.Status(error);
        if (error is RequestError.QueueFull or RequestError.QueueTimeout)
        {
            response.Headers["Retry-After"] = RetryAfterSeconds;
        }

        if (response.StatusCode is 500 or 503 && getPage() is { IsEmpty: false } page)
        {
            response.WriteBytes(page.Span, "text/html; charset=utf-8");
        }
        else
        {
            response.WriteBytes(RequestErrors.Body(error), PlainText);
        }
    }
}
