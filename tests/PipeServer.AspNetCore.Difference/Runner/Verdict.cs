namespace Difference.Runner;

/// <summary>Holds the findings of a request against the tables of known differences.</summary>
internal static class Verdict
{
    private const string Status = "status";

    /// <summary>Fails where a difference is not known, and where a known one does not show.</summary>
    public static void Check(DifferenceRequest request, int version, IReadOnlyList<Answer> kestrel, IReadOnlyList<Answer> pipeServer)
    {
        var findings = Comparer.Compare(request, kestrel, pipeServer);
        var listed = WhatIsListed(request, version);
        var shapes = ShapesOf(kestrel, pipeServer);
        var gone = listed.Except(findings.Select(static finding => finding.What)).ToList();
        if (version == 1)
        {
            gone.AddRange(KnownShapes.All.Except(shapes).Where(shape => shape.Witness == request.Name).Select(static shape => shape.Reason));
        }

        var news = Unknown(findings, listed, shapes);
        Assert.True(
            news.Count == 0 && gone.Count == 0,
            $"{request.Name} over HTTP/{version}: {request.Method} {request.Target}\n  {string.Join("\n  ", news)}"
            + (gone.Count == 0 ? "" : $"\n  known, but no longer there: {string.Join(", ", gone)}"));
    }

    /// <summary>The same behind a proxy, which hides some differences: a known one need not show.</summary>
    public static void CheckBehindProxy(DifferenceRequest request, IReadOnlyList<Answer> kestrel, IReadOnlyList<Answer> pipeServer)
    {
        var news = Unknown(Comparer.Compare(request, kestrel, pipeServer), WhatIsListed(request, 1), ShapesOf(kestrel, pipeServer));
        Assert.True(news.Count == 0, $"{request.Name} by a proxy: {request.Method} {request.Target}\n  {string.Join("\n  ", news)}");
    }

    private static HashSet<string> WhatIsListed(DifferenceRequest request, int version) =>
        KnownDifferences.All.Where(known => known.Covers(request.Name, version)).SelectMany(static known => known.What).ToHashSet();

    private static List<KnownShape> ShapesOf(IReadOnlyList<Answer> kestrel, IReadOnlyList<Answer> pipeServer) =>
        KnownShapes.All.Where(shape => kestrel.Zip(pipeServer).Any(pair => shape.Applies(pair.First, pair.Second))).ToList();

    private static List<Finding> Unknown(IReadOnlyList<Finding> findings, HashSet<string> listed, List<KnownShape> shapes)
    {
        var known = listed.Concat(shapes.SelectMany(static shape => shape.What)).ToHashSet();
        return known.Contains(Status) ? [] : findings.Where(finding => !known.Contains(finding.What)).ToList();
    }
}
