namespace JsonCrud;

/// <summary>The lists of entity tags of <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110 §13.1).</summary>
internal static class EntityTags
{
    /// <summary>
    /// Whether a list has a tag, or is <c>*</c>. The tags of this API have no comma, so what lies between two commas is a tag; all are strong, so a weak one
    /// (<c>W/"1"</c>) is no match.
    /// </summary>
    public static bool Contains(string? list, string tag) =>
        list is not null && list.Split(',', StringSplitOptions.TrimEntries).Any(item => item == tag || item == "*");
}
