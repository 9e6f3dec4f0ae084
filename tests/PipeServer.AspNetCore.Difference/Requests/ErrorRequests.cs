using Difference.Runner;

namespace Difference.Requests;

/// <summary>Faults of the application.</summary>
internal static class ErrorRequests
{
    private static readonly string[] Faults =
    [
        "before", "later", "in-buffer", "after-flush", "after-start", "after-sized", "after-complete", "too-little", "none-of-length", "too-much",
        "too-much-later", "bad-request", "cancelled", "io", "abort", "status/404", "status/500",
    ];

    public static IEnumerable<DifferenceRequest> All =>
        ((string[])["/error", "/error/handled", "/error/pages", "/error/again"]).SelectMany(static prefix =>
            Faults.Select(fault => RequestTable.Get("error", $"{prefix}/{fault}")))
        .Concat(
        [
            new DifferenceRequest("error with a body", "POST", "/error/before").WithText("a body that nobody reads", "text/plain"),
            new DifferenceRequest("error with a body in chunks", "POST", "/error/before").WithText("a body that nobody reads", "text/plain")
                with { ChunkSize = 7 },
            new("error HEAD none of length", "HEAD", "/error/none-of-length"),
            new("error HEAD too much", "HEAD", "/error/too-much"),
            new("error HEAD after flush", "HEAD", "/error/after-flush"),
        ]);
}
