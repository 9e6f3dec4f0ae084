namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §8.8.3: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE, and lists of them.</summary>
internal static class EntityTags
{
    /// <summary>True when the field's list, or its <c>*</c>, names the tag.</summary>
    /// <param name="list">The field's value.</param>
    /// <param name="tag">A strong tag with its quotes; null for one that is not known, which only <c>*</c> names.</param>
    /// <param name="weakly">Take a weak tag in the list for the same (§8.8.3.2).</param>
    public static bool Matches(string list, string? tag, bool weakly)
    {
        var rest = list.AsSpan().Trim(" \t");
        if (rest is "*")
        {
            return true;
        }

        rest = rest.TrimStart(" \t,"); // empty elements of a list are ignored (§5.6.1.2)
        while (!rest.IsEmpty)
        {
            var isWeak = rest.StartsWith("W/", StringComparison.Ordinal);
            rest = isWeak ? rest[2..] : rest;
            var length = rest.IsEmpty || rest[0] != '"' ? -1 : rest[1..].IndexOf('"');
            if (length < 0)
            {
                return false; // not a list of tags: it names nothing
            }

            if ((weakly || !isWeak) && rest[..(length + 2)].SequenceEqual(tag))
            {
                return true;
            }

            // Between two of them OWS and at least one comma.
            rest = rest[(length + 2)..].TrimStart(" \t");
            if (!rest.IsEmpty && rest[0] != ',')
            {
                return false;
            }

            rest = rest.TrimStart(" \t,");
        }

        return false;
    }
}
