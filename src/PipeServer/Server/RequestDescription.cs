using System.Globalization;

namespace PipeServer.Server;

/// <summary>A request in progress, in words for logs and reports.</summary>
/// <param name="Request">Method and path.</param>
/// <param name="Duration">Since its head was complete.</param>
/// <param name="Worker">The worker that runs its handler now, or null: it waits for something, or runs inline.</param>
internal readonly record struct RequestDescription(string Request, TimeSpan Duration, string? Worker)
{
    /// <summary>As in <c>GET /sleep, 12.3 s, worker-3</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Request}, {Duration.TotalSeconds:F1} s{(Worker is null ? "" : ", " + Worker)}");

    /// <summary>As in <c>GET /sleep 12.3s worker-3</c>.</summary>
    public string ToShortString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Request} {Duration.TotalSeconds:F1}s{(Worker is null ? "" : " " + Worker)}");
}
