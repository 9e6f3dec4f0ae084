using Difference.Application;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>Headers of answers.</summary>
internal static class ResponseHeaderRequests
{
    public static IEnumerable<DifferenceRequest> All =>
        HeaderEndpoints.CaseNames.Select(static name => RequestTable.Get("answer's header", $"/header/{name}"))
        .Concat(
        [
            RequestTable.Get("answer's header", "/headers-after-start"),
            RequestTable.Get("answer's header", "/reason"),
            new("answer's header HEAD long", "HEAD", "/header/long"),
            new("answer's header HEAD content-length", "HEAD", "/header/content-length"),
            new("answer's header HEAD transfer-identity", "HEAD", "/header/transfer-identity"),
        ]);
}
