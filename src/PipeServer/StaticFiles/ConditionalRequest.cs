namespace PipeServer.StaticFiles;

/// <summary>A request's conditions on a file that exists (RFC 9110 §13).</summary>
internal static class ConditionalRequest
{
    /// <summary>
    /// In the order of §13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else If-Modified-Since. Dates are
    /// compared to the second, one in the future like any other. One that cannot be read is ignored, and so are all dates for a file
    /// whose own is not known (§13.1.3, §13.1.4).
    /// </summary>
    /// <param name="headers">The request's.</param>
    /// <param name="tag">The file's strong tag; null when it is not known yet. Then no list of tags matches, and If-Match with one cannot be decided.</param>
    /// <param name="modified">The file's Last-Modified; null when it has none.</param>
    /// <param name="now">The time, for years of two digits.</param>
    public static Precondition Evaluate(HeaderCollection headers, string? tag, DateTimeOffset? modified, DateTimeOffset now)
    {
        if (headers.TryGetValue("If-Match", out var match))
        {
            if (!EntityTags.Matches(match, tag, weakly: false))
            {
                return tag is null ? Precondition.Unknown : Precondition.Failed;
            }
        }
        else if (TryGetDate(headers, "If-Unmodified-Since", now, out var unmodifiedSince)
            && modified is { } lastModified && Seconds(lastModified) > Seconds(unmodifiedSince))
        {
            return Precondition.Failed;
        }

        if (headers.TryGetValue("If-None-Match", out var noneMatch))
        {
            return EntityTags.Matches(noneMatch, tag, weakly: true) ? Precondition.NotModified : Precondition.Holds;
        }

        return TryGetDate(headers, "If-Modified-Since", now, out var since)
            && modified is { } known && Seconds(known) <= Seconds(since)
            ? Precondition.NotModified
            : Precondition.Holds;
    }

    /// <summary>
    /// §13.1.5: whether a Range is to be heeded. A tag must be the same one, and strong; a date the very one that was sent,
    /// and more than a second ago by now, because two versions can share a second (§8.8.2.2). No date is that of a file that has none.
    /// </summary>
    public static bool IsRangeWanted(HeaderCollection headers, string? tag, DateTimeOffset? modified, DateTimeOffset now)
    {
        if (!headers.TryGetValue("If-Range", out var condition))
        {
            return true;
        }

        return HttpDate.TryParse(condition, now, out var date)
            ? modified is { } known && Seconds(date) == Seconds(known) && now - known > TimeSpan.FromSeconds(1)
            : condition == tag;
    }

    private static bool TryGetDate(HeaderCollection headers, string name, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        return headers.TryGetValue(name, out var value) && HttpDate.TryParse(value, now, out date);
    }

    private static long Seconds(DateTimeOffset date) => date.ToUnixTimeSeconds();
}
