namespace PipeServer.StaticFiles;

/// <summary>
/// RFC 9110 §14.1.2: what a Range field asks for.
/// <code>
/// bytes-range-set = "bytes=" 1#( int-range / suffix-range )
/// int-range       = first-pos "-" [ last-pos ]
/// suffix-range    = "-" suffix-length
/// </code>
/// </summary>
internal static class ByteRanges
{
    /// <summary>
    /// A request for more parts than this gets the whole file: nobody needs them, and many small or overlapping ones are an attack
    /// (§17.15).
    /// </summary>
    public const int MaxRanges = 16;

    // What the head of a part costs: nearer than this, two parts are cheaper as one.
    private const int MinGapBytes = 80;

    /// <summary>
    /// False for a field that is to be ignored: another unit, malformed, or too many parts. True with no range: none of
    /// them can be satisfied.
    /// </summary>
    /// <param name="field">The field's value.</param>
    /// <param name="length">The file's.</param>
    /// <param name="ranges">
    /// In the order in which they were asked for; those that overlap or nearly touch are made one.
    /// </param>
    public static bool TryParse(string field, long length, out List<ByteRange> ranges)
    {
        ranges = [];
        var rest = field.AsSpan();
        if (!rest.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        rest = rest["bytes=".Length..];
        var count = 0;
        foreach (var part in rest.Split(','))
        {
            var range = rest[part].Trim(" \t");
            if (range.IsEmpty)
            {
                continue; // empty elements of a list are ignored (§5.6.1.2)
            }

            if (++count > MaxRanges || !TryParseOne(range, length, out var start, out var end))
            {
                return false;
            }

            if (start < end)
            {
                ranges.Add(new ByteRange(start, end - start));
            }
        }

        Merge(ranges);
        return count > 0;
    }

    // False when it is malformed; an empty range when it cannot be satisfied.
    private static bool TryParseOne(ReadOnlySpan<char> range, long length, out long start, out long end)
    {
        (start, end) = (0, 0);
        var dash = range.IndexOf('-');
        if (dash < 0 || !TryParseNumber(range[..dash], out var first) || !TryParseNumber(range[(dash + 1)..], out var last))
        {
            return false;
        }

        if (first is null)
        {
            if (last is null)
            {
                return false;
            }

            // An empty file satisfies it as a whole, which no Content-Range can express: the file is sent without ranges.
            (start, end) = (Math.Max(0, length - last.Value), length);
            return length > 0 || last == 0;
        }

        if (last < first)
        {
            return false;
        }

        // The same goes for one from the first byte on, although the RFC would have a 416: clients that send a Range with every request
        // want an empty file like any other (nginx and Go answer so). One that starts later goes on with a file that it takes for longer.
        (start, end) = (first.Value, last is null || last >= length ? length : last.Value + 1);
        return length > 0 || first > 0;
    }

    // 1*DIGIT, or nothing. A number that is too large counts as the largest.
    private static bool TryParseNumber(ReadOnlySpan<char> digits, out long? value)
    {
        value = null;
        if (digits.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        if (!digits.IsEmpty)
        {
            value = long.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
        }

        return true;
    }

    private static void Merge(List<ByteRange> ranges)
    {
        for (var index = 1; index < ranges.Count; index++)
        {
            for (var other = 0; other < index; other++)
            {
                var (a, b) = (ranges[other], ranges[index]);
                if (a.Start - MinGapBytes <= b.End && b.Start - MinGapBytes <= a.End)
                {
                    var start = Math.Min(a.Start, b.Start);
                    ranges.RemoveAt(index);
                    ranges[other] = new ByteRange(start, Math.Max(a.End, b.End) - start);
                    index = 0; // the larger one may touch others now
                    break;
                }
            }
        }
    }
}
