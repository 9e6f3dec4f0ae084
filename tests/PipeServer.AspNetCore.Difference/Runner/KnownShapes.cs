using System.Globalization;
using System.Text;

namespace Difference.Runner;

/// <summary>Every difference that stands in many answers, each with its reason.</summary>
internal static class KnownShapes
{
    public static IReadOnlyList<KnownShape> All { get; } =
    [
        new("error /error/before", IsOwnAnswer, ["body", "header:content-length", "header:content-type"],
            "What the server answers itself, an error, says in one line of text what it is. Kestrel's has no body."),
        new("method HEAD of a late text", IsChunkedHead, ["header:transfer-encoding"],
            "An answer to HEAD has the framing that GET would have (RFC 9110 9.3.2 allows it). Kestrel leaves it out."),
        new("write /write/pipe-not-flushed", IsSized, ["header:content-length", "header:transfer-encoding"],
            "What is complete at the end of the application's synchronous part has its length. Kestrel sends it in chunks."),
        new("limit of 10, 11 bytes", IsOtherReason, ["reason"],
            "The phrases of RFC 9110, none for codes that it does not have. No client may rely on them (RFC 9112 4)."),
    ];

    private static bool IsOwnAnswer(Answer kestrel, Answer pipeServer)
    {
        var isError = kestrel.Status == pipeServer.Status && kestrel.Status >= 400 && kestrel.Body.Length == 0 && ValueOf(kestrel, "content-type") is null;
        var status = pipeServer.Status.ToString(CultureInfo.InvariantCulture);
        var isOneLine = pipeServer.Body.Length == 0 || Encoding.UTF8.GetString(pipeServer.Body).StartsWith(status, StringComparison.Ordinal);
        return isError && isOneLine && ValueOf(pipeServer, "content-type") == "text/plain; charset=utf-8";
    }

    private static bool IsChunkedHead(Answer kestrel, Answer pipeServer) =>
        IsAlike(kestrel, pipeServer) && pipeServer.Body.Length == 0 && ValueOf(kestrel, "content-length") is null
        && ValueOf(kestrel, "transfer-encoding") is null && ValueOf(pipeServer, "transfer-encoding") == "chunked";

    private static bool IsSized(Answer kestrel, Answer pipeServer) =>
        kestrel.Status == pipeServer.Status && kestrel.IsComplete && pipeServer.IsComplete
        && ValueOf(kestrel, "content-length") is null && ValueOf(pipeServer, "content-length") is not null;

    private static bool IsOtherReason(Answer kestrel, Answer pipeServer) =>
        kestrel.Status == pipeServer.Status && kestrel.Reason != pipeServer.Reason && kestrel.Status is 226 or 413 or 418 or 499;

    private static bool IsAlike(Answer kestrel, Answer pipeServer) =>
        kestrel.Status == pipeServer.Status && kestrel.IsComplete && pipeServer.IsComplete && Normalizer.Body(kestrel.Body) == Normalizer.Body(pipeServer.Body);

    private static string? ValueOf(Answer answer, string name) => answer.Headers.FirstOrDefault(header => header.Name == name).Value;
}
