using Difference.Runner;

namespace Difference.Requests;

/// <summary>Callbacks before the head and after the end.</summary>
internal static class HookRequests
{
    private static readonly string[] Hooks =
    [
        "starting", "starting-empty", "starting-async", "starting-in-starting", "starting-throws", "starting-throws-empty", "starting-late",
        "starting-and-fault", "completed-throws", "disposed",
    ];

    public static IEnumerable<DifferenceRequest> All => Hooks.Select(static hook => RequestTable.Get("hook", $"/hook/{hook}"))
        .Concat(Hooks.Select(static hook => new DifferenceRequest($"hook HEAD {hook}", "HEAD", $"/hook/{hook}")));
}
