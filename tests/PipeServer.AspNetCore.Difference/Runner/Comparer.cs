using System.Globalization;

namespace Difference.Runner;

/// <summary>Finds in what two answers to one request differ.</summary>
internal static class Comparer
{
    private const int LongestShown = 1500;

    public static IReadOnlyList<Finding> Compare(DifferenceRequest request, IReadOnlyList<Answer> kestrel, IReadOnlyList<Answer> pipeServer) =>
        [.. kestrel.Zip(pipeServer, (one, other) => Compare(request, one, other)).SelectMany(static findings => findings)];

    private static IEnumerable<Finding> Compare(DifferenceRequest request, Answer kestrel, Answer pipeServer)
    {
        if (!kestrel.IsComplete && !pipeServer.IsComplete)
        {
            // How much of an answer that breaks off still reaches the client is a race, also on one server.
            return [];
        }

        var pairs = new List<(string What, string Kestrel, string PipeServer)>
        {
            ("interim", string.Join(' ', kestrel.Interim), string.Join(' ', pipeServer.Interim)),
            ("status", Text(kestrel.Status), Text(pipeServer.Status)),
            ("reason", kestrel.Reason, pipeServer.Reason),
            ("body", Body(request, kestrel), Body(request, pipeServer)),
            ("trailers", Fields(kestrel.Trailers), Fields(pipeServer.Trailers)),
            ("complete", kestrel.IsComplete.ToString(), pipeServer.IsComplete.ToString()),
            ("open", kestrel.StaysOpen?.ToString() ?? "", pipeServer.StaysOpen?.ToString() ?? ""),
        };
        var names = kestrel.Headers.Concat(pipeServer.Headers).Select(static header => header.Name).Distinct().Order(StringComparer.Ordinal);
        pairs.AddRange(names.Select(name => ($"header:{name}", Values(kestrel, name), Values(pipeServer, name))));
        return pairs.Where(static pair => pair.Kestrel != pair.PipeServer)
            .Select(static pair => new Finding(pair.What, Short(pair.Kestrel), Short(pair.PipeServer)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Body(DifferenceRequest request, Answer answer) =>
        request.IsLarge ? $"{Text(answer.Body.Length)} bytes, sum {Checksum.Of(answer.Body)}" : Normalizer.Body(answer.Body);

    // Lines of one name keep their order: it has a meaning (RFC 9110 5.3). Between names it has none.
    private static string Values(Answer answer, string name) =>
        string.Join(" | ", answer.Headers.Where(header => header.Name == name).Select(header => $"'{Normalizer.Header(name, header.Value)}'"));

    private static string Fields(IEnumerable<(string Name, string Value)> fields) =>
        string.Join(" | ", fields.Select(static field => $"{field.Name}: {field.Value}").Order(StringComparer.Ordinal));

    private static string Short(string text) => text.Length <= LongestShown ? text : $"{text[..LongestShown]}… ({text.Length} characters)";
}
