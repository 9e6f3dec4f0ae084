namespace Difference.Runner;

/// <summary>Holds the findings of a request against the tables of known differences.</summary>
internal static class Verdict
{
    /// <summary>Fails where a difference is not known, and where a known one does not show.</summary>
    public static void Check(DifferenceRequest request, int version, IReadOnlyList<Answer> kestrel, IReadOnlyList<Answer> pipeServer)
    {
        var findings = Comparer.Compare(request, kestrel, pipeServer);
        var found = findings.Select(static finding => finding.What).ToHashSet();
        var expected = KnownDifferences.All.Where(difference => difference.Covers(request.Name, version)).SelectMany(static difference => difference.What).ToHashSet();
        var gone = expected.Except(found).ToList();
        var shapes = KnownShapes.All.Where(shape => kestrel.Zip(pipeServer).Any(pair => shape.Applies(pair.First, pair.Second))).ToList();
        gone.AddRange(KnownShapes.All.Except(shapes).Where(shape => shape.Witness == request.Name).Select(static shape => shape.Reason));
        var known = expected.Concat(shapes.SelectMany(static shape => shape.What)).ToHashSet();
        var news = findings.Where(finding => !known.Contains(finding.What)).ToList();
        Assert.True(
            news.Count == 0 && gone.Count == 0,
            $"{request.Name} over HTTP/{version}: {request.Method} {request.Target}\n  {string.Join("\n  ", news)}"
            + (gone.Count == 0 ? "" : $"\n  known, but no longer there: {string.Join(", ", gone)}"));
    }
}
