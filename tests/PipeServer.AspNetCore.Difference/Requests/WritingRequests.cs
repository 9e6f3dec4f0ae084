using System.Globalization;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>How an application writes.</summary>
internal static class WritingRequests
{
    private static readonly string[] Writers =
    [
        "nothing", "once", "sized", "flushed", "many", "pipe", "pipe-not-flushed", "mixed", "started", "completed", "completed-empty", "started-only",
        "flush-only",
        "sync", "sync-allowed", "file", "file-between", "file-missing", "file-beyond", "replaced", "unbuffered", "trailers", "trailers-supported", "late",
        "abilities",
    ];

    public static IEnumerable<DifferenceRequest> All => Writers.Select(static writer => RequestTable.Get("write", $"/write/{writer}"))
        .Concat(((int[])[0, 1, 100, 4095, 4096, 4097, 16_384, 65_535, 65_536, 100_000, 1_000_000]).SelectMany(static size => (DifferenceRequest[])
        [
            RequestTable.Get("write", string.Create(CultureInfo.InvariantCulture, $"/write/length/{size}")) with { IsLarge = size > 1000 },
            RequestTable.Get("write", string.Create(CultureInfo.InvariantCulture, $"/write/chunks/{size}")) with { IsLarge = size > 1000 },
        ]))
        .Concat(
        [
            RequestTable.Get("write", "/write/file-part") with { IsLarge = true },
            RequestTable.Get("write", "/write/large/30") with { IsLarge = true },
            RequestTable.Get("write one after the other", "/write/once") with { Times = 5 },
            RequestTable.Get("write flushed one after the other", "/write/flushed") with { Times = 3 },
            RequestTable.Get("write with trailers wanted", "/write/trailers").With(("TE", "trailers")),
        ]);
}
