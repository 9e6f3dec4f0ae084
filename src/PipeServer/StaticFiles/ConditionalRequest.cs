using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>Whether a client has the file already (RFC 9110 §13).</summary>
internal static class ConditionalRequest
{
    /// <summary>
    /// True when the answer is 304. If-None-Match goes before If-Modified-Since (§13.2.2); tags are compared weakly
    /// (§13.1.2), dates to the second, and a date that cannot be read is ignored (§13.1.3).
    /// </summary>
    public static bool IsNotModified(HeaderCollection headers, string tag, DateTimeOffset modified)
    {
        if (headers.TryGetValue("If-None-Match", out var tags))
        {
            return Matches(tags, tag);
        }

        return headers.TryGetValue("If-Modified-Since", out var since)
            && DateTimeOffset.TryParseExact(
                since, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            && modified.ToUnixTimeSeconds() <= date.ToUnixTimeSeconds();
    }

    // If-None-Match = "*" / #entity-tag; entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE
    private static bool Matches(string tags, string tag)
    {
        if (tags.Trim() == "*")
        {
            return true;
        }

        var rest = tags.AsSpan();
        while (true)
        {
            var start = rest.IndexOf('"');
            if (start < 0)
            {
                return false;
            }

            var length = rest[(start + 1)..].IndexOf('"');
            if (length < 0)
            {
                return false;
            }

            if (rest.Slice(start, length + 2).SequenceEqual(tag))
            {
                return true;
            }

            rest = rest[(start + length + 2)..];
        }
    }
}
