namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §12.5.1: Accept = #( media-range [ weight ] )</summary>
internal static class MediaRanges
{
    /// <summary>True when a client would rather have JSON than HTML; without a preference it gets HTML.</summary>
    public static bool PreferJson(string? accept) =>
        accept is not null && Weight(accept, "application", "json") > Weight(accept, "text", "html");

    /// <summary>True when a client names HTML, as browsers do when they open a page; <c>*/*</c> names nothing.</summary>
    public static bool NameHtml(string? accept) =>
        accept is not null && accept.Contains("text/html", StringComparison.OrdinalIgnoreCase) && Weight(accept, "text", "html") > 0;

    // From 0 to 1000, by the most specific range that fits.
    private static int Weight(string accept, string type, string subtype)
    {
        var (best, bestPrecision) = (0, 0);
        var rest = accept.AsSpan();
        foreach (var element in rest.Split(','))
        {
            var item = rest[element];
            var semicolon = item.IndexOf(';');
            var range = (semicolon < 0 ? item : item[..semicolon]).Trim(" \t");
            var slash = range.IndexOf('/');
            var precision = slash < 0 ? 0
                : range is "*/*" ? 1
                : !range[..slash].Equals(type, StringComparison.OrdinalIgnoreCase) ? 0
                : range[(slash + 1)..] is "*" ? 2
                : range[(slash + 1)..].Equals(subtype, StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (precision > bestPrecision)
            {
                (best, bestPrecision) = (semicolon < 0 ? QualityValue.Most : QualityValue.Of(item[(semicolon + 1)..]), precision);
            }
        }

        return best;
    }
}
