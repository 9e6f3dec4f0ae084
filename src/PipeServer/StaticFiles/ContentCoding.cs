using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>A content coding that a file may lie in beside itself, compressed beforehand.</summary>
/// <param name="Name">As in <c>Accept-Encoding</c> and <c>Content-Encoding</c>.</param>
/// <param name="Extension">What the sibling's name has behind the file's.</param>
internal sealed record ContentCoding(string Name, string Extension)
{
    /// <summary>In the order in which the server prefers them: the smallest result first.</summary>
    public static readonly IReadOnlyList<ContentCoding> All =
    [
        new ContentCoding("br", ".br"),
        new ContentCoding("zstd", ".zst"),
        new ContentCoding("gzip", ".gz"),
    ];

    /// <summary>
    /// How much a client wants this coding, from 0, not at all, to 1000 (RFC 9110 §12.5.3).
    /// Accept-Encoding = #( ( content-coding / "identity" / "*" ) [ weight ] )
    /// </summary>
    /// <param name="field">The field's value.</param>
    /// <param name="coding">A coding's name; or <c>identity</c>, which is wanted a little where nothing is said of it.</param>
    public static int Weight(string field, string coding)
    {
        var rest = field.AsSpan();
        var others = coding == "identity" ? 1 : 0;
        foreach (var element in rest.Split(','))
        {
            var item = rest[element].Trim(" \t");
            var semicolon = item.IndexOf(';');
            var name = semicolon < 0 ? item : item[..semicolon].TrimEnd(" \t");
            var weight = semicolon < 0 ? 1000 : ParseWeight(item[(semicolon + 1)..].Trim(" \t"));
            if (name.Equals(coding, StringComparison.OrdinalIgnoreCase)
                || (coding == "gzip" && name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)))
            {
                return weight;
            }

            if (name is "*")
            {
                others = coding == "identity" ? Math.Min(others, weight) : weight;
            }
        }

        return others;
    }

    // weight = OWS ";" OWS "q=" qvalue, up to three digits; a malformed one is no wish.
    private static int ParseWeight(ReadOnlySpan<char> weight) =>
        weight.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
        && decimal.TryParse(weight[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
        && value is >= 0 and <= 1
            ? (int)(value * 1000)
            : 0;
}
