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
    ];

    private static bool IsOwnAnswer(Answer kestrel, Answer pipeServer) =>
        kestrel.Status == pipeServer.Status && kestrel.Body.Length == 0
        && Encoding.UTF8.GetString(pipeServer.Body).StartsWith(pipeServer.Status.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
