using System.Globalization;

namespace PipeServer.Server;

/// <summary>A request in progress, in words for logs and reports.</summary>
/// <param name="Request">Method and path.</param>
/// <param name="Duration">Since its head was complete.</param>
/// <param name="Worker">The worker that runs its handler now, or null: it waits for something, or runs inline.</param>
internal readonly record struct RequestDescription(string Request, TimeSpan Duration, string? Worker)
{
    /// <summary>What is said of a connection on which a head is still to come.</summary>
    public static readonly RequestDescription NotArrived = new("a request that has not arrived yet", TimeSpan.Zero, null);

    private static readonly RequestDescription JustEnded = new("a request that has just ended", TimeSpan.Zero, null);

    /// <summary>Describes a request that may end at this very moment. From any thread.</summary>
    /// <param name="exchange">The request; null when it has just ended.</param>
    /// <param name="server">Whose request it is.</param>
    /// <param name="started">When its head was complete, by the heartbeat's clock.</param>
    public static RequestDescription Of(Exchange? exchange, ServerContext server, long started)
    {
        if (exchange is null)
        {
            return JustEnded;
        }

        string request;
        try
        {
            request = exchange.ExistingExtras?.Switched is { } switched ? $"{exchange} ({switched.Name})" : exchange.ToString();
        }
#pragma warning disable CA1031 // The exchange may be reset at this moment.
        catch (Exception)
#pragma warning restore CA1031
        {
            return JustEnded;
        }

        return new RequestDescription(request, TimeSpan.FromMilliseconds(server.Heartbeat.Now - started), server.Workers.WorkerOf(exchange));
    }

    /// <summary>As in <c>GET /sleep, 12.3 s, worker-3</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Request}, {Duration.TotalSeconds:F1} s{(Worker is null ? "" : ", " + Worker)}");

    /// <summary>As in <c>GET /sleep 12.3s worker-3</c>.</summary>
    public string ToShortString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Request} {Duration.TotalSeconds:F1}s{(Worker is null ? "" : " " + Worker)}");
}
