namespace Difference.Runner;

/// <summary>Holds the findings of a request against the table of known differences.</summary>
internal static class Verdict
{
    /// <summary>Fails where a difference is not known, and where a known one does not show.</summary>
    public static void Check(DifferenceRequest request, int version, IReadOnlyList<Finding> findings)
    {
        var known = KnownDifferences.All.Where(difference => difference.Covers(request.Name, version)).Select(static difference => difference.What).ToHashSet();
        var found = findings.Select(static finding => finding.What).ToHashSet();
        var news = findings.Where(finding => !known.Contains(finding.What)).ToList();
        var gone = known.Except(found).ToList();
        Assert.True(
            news.Count == 0 && gone.Count == 0,
            $"{request.Name} over HTTP/{version}: {request.Method} {request.Target}\n  {string.Join("\n  ", news)}"
            + (gone.Count == 0 ? "" : $"\n  known, but no longer there: {string.Join(", ", gone)}"));
    }
}
