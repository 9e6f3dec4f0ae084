using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace PipeServer.Cli.Dashboard;

/// <summary>
/// <c>GET /events</c>: snapshots as server-sent events, one a second, until the client leaves or the server that has the page stops. A client that does
/// not read gets fewer of them: the next is written when the last has left.
/// </summary>
internal sealed class EventStream(SnapshotFeed feed)
{
    // How long a browser waits before it asks again: soon after a restart, and not so often that a server that is down is bothered.
    private const int RetryMilliseconds = 2000;

    /// <summary>Answers.</summary>
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        response.Headers["Cache-Control"] = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // a proxy in between is not to gather them
        if (request.Method == "HEAD")
        {
            response.ContentType = "text/event-stream";
            return;
        }

        if (!feed.TryJoin())
        {
            response.StatusCode = 503;
            response.Headers["Retry-After"] = "5";
            response.CloseConnection = true; // its place is for others
            response.WriteText($"503 Service Unavailable: {SnapshotFeed.MaxWatchers} are watching already; /status has the same figures once.\n");
            return;
        }

        try
        {
            response.ContentType = "text/event-stream";
            await SendAsync(request, response).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client has left.
        }
        finally
        {
            feed.Leave();
        }
    }

    /// <summary>Writes one event.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="snapshot">What it tells; by its number a browser tells the last one that it has seen.</param>
    internal static void Write(IBufferWriter<byte> output, Snapshot snapshot)
    {
        var digits = (stackalloc byte[20]);
        _ = Utf8Formatter.TryFormat(snapshot.Number, digits, out var length);
        output.Write("id: "u8);
        output.Write(digits[..length]);
        output.Write("\ndata: "u8);
        output.Write(snapshot.Json);
        output.Write("\n\n"u8);
    }

    private async ValueTask SendAsync(HttpRequest request, HttpResponse response)
    {
        using var stopping = request.Draining.UnsafeRegister(static feed => ((SnapshotFeed)feed!).Wake(), feed);
        response.WriteText(string.Create(CultureInfo.InvariantCulture, $"retry: {RetryMilliseconds}\n\n"));
        var snapshot = feed.Refresh();
        Write(response.Body, snapshot);
        while (!(await response.Body.FlushAsync(request.Aborted).ConfigureAwait(false)).IsCompleted)
        {
            var seen = snapshot.Number;
            snapshot = await feed.NextAsync(seen, request.Draining).ConfigureAwait(false);
            if (request.Draining.IsCancellationRequested)
            {
                // The last figures: the server that they are of has ended by now.
                Write(response.Body, feed.Refresh());
                response.Body.Write("event: end\ndata: {}\n\n"u8);
                return;
            }

            if (snapshot.Number == seen)
            {
                response.Body.Write(":\n\n"u8); // there is nothing new, and the client is to know that somebody is there
            }
            else
            {
                Write(response.Body, snapshot);
            }
        }
    }
}
