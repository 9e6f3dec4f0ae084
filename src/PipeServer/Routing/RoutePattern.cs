using System.Text;

namespace PipeServer.Routing;

/// <summary>
/// A route's path pattern: literal segments, <c>{parameter}</c> segments, and possibly a last <c>{*rest}</c> that takes all
/// remaining segments, slashes included. Literals are compared byte by byte with the decoded path: case and a last slash count.
/// </summary>
internal sealed class RoutePattern
{
    private readonly Segment[] _segments;

    private RoutePattern(string text, Segment[] segments)
    {
        Text = text;
        _segments = segments;
        Parameters = [.. segments.Where(static segment => segment.Kind != SegmentKind.Literal).Select(static segment => segment.Text)];
        Shape = string.Join('/', segments.Select(static segment =>
            segment.Kind == SegmentKind.Literal ? "0" + segment.Text : segment.Kind == SegmentKind.Parameter ? "1" : "2"));
    }

    private enum SegmentKind
    {
        Literal,
        Parameter,
        CatchAll,
    }

    public string Text { get; }

    /// <summary>The parameters' names in their order.</summary>
    public IReadOnlyList<string> Parameters { get; }

    public bool IsLiteral => Parameters.Count == 0;

    /// <summary>Its last segment takes all that remain.</summary>
    public bool EndsInCatchAll => _segments[^1].Kind == SegmentKind.CatchAll;

    /// <summary>
    /// Equal for patterns that match the same paths; in ordinal order a literal segment comes before a parameter, a
    /// parameter before a catch-all.
    /// </summary>
    public string Shape { get; }

    /// <exception cref="ArgumentException">The pattern is malformed; the message says how.</exception>
    public static RoutePattern Parse(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        RefuseWhatNeverMatches(pattern);
        var texts = pattern[1..].Split('/');
        var segments = new Segment[texts.Length];
        for (var index = 0; index < texts.Length; index++)
        {
            segments[index] = ParseSegment(pattern, texts[index], isLast: index == texts.Length - 1);
        }

        var names = segments.Where(static segment => segment.Kind != SegmentKind.Literal).Select(static segment => segment.Text).ToList();
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw Malformed(pattern, "uses a parameter name twice");
        }

        return new RoutePattern(pattern, segments);
    }

    public int IndexOfParameter(string name)
    {
        for (var index = 0; index < Parameters.Count; index++)
        {
            if (Parameters[index] == name)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>True when the decoded path has this shape. A parameter takes one segment that is not empty.</summary>
    public bool Matches(ReadOnlySpan<byte> path)
    {
        var rest = path[1..];
        for (var index = 0; index < _segments.Length; index++)
        {
            var segment = _segments[index];
            if (segment.Kind == SegmentKind.CatchAll)
            {
                return true;
            }

            var slash = rest.IndexOf((byte)'/');
            var isLast = index == _segments.Length - 1;
            if (slash < 0 != isLast)
            {
                // One side has more segments; only a catch-all that may be empty could still match, and it needs its slash.
                return false;
            }

            var value = slash < 0 ? rest : rest[..slash];
            if (segment.Kind == SegmentKind.Literal ? !value.SequenceEqual(segment.Bytes) : value.IsEmpty)
            {
                return false;
            }

            rest = slash < 0 ? default : rest[(slash + 1)..];
        }

        return true;
    }

    /// <summary>The bytes that a parameter matched, in a path that matches.</summary>
    public ReadOnlySpan<byte> Value(int parameter, ReadOnlySpan<byte> path)
    {
        var rest = path[1..];
        foreach (var segment in _segments)
        {
            if (segment.Kind == SegmentKind.CatchAll)
            {
                return rest;
            }

            var slash = rest.IndexOf((byte)'/');
            if (segment.Kind == SegmentKind.Parameter && parameter-- == 0)
            {
                return slash < 0 ? rest : rest[..slash];
            }

            rest = slash < 0 ? default : rest[(slash + 1)..];
        }

        return default;
    }

    // What is matched is a decoded path without dot segments; what it can never contain would be a route that is never found.
    private static void RefuseWhatNeverMatches(string pattern)
    {
        if (!pattern.StartsWith('/'))
        {
            throw Malformed(pattern, "must start with a slash, as the path of a request does");
        }

        if (pattern.Any(char.IsControl) || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(pattern)) != pattern)
        {
            throw Malformed(pattern, "must be text: it has control characters in it, or half a surrogate pair");
        }

        if (pattern.AsSpan().IndexOfAny('?', '#') is >= 0 and var at && !IsInBraces(pattern, at))
        {
            throw Malformed(pattern, $"must be a path without '{pattern[at]}': the query is in HttpRequest.Query, and a fragment is never sent");
        }

        if (Uri.UnescapeDataString(pattern) is var decoded && decoded != pattern)
        {
            throw Malformed(pattern, decoded.Count(static c => c == '/') == pattern.Count(static c => c == '/')
                ? $"must not be percent-encoded, because it is compared with the decoded path: write '{decoded}'"
                : "must not be percent-encoded; a slash inside a segment, sent as %2F, can only be the value of a parameter");
        }
    }

    private static bool IsInBraces(string pattern, int at) => pattern.LastIndexOf('{', at) > pattern.LastIndexOf('}', at);

    private static Segment ParseSegment(string pattern, string text, bool isLast)
    {
        if (text.AsSpan().IndexOfAny('{', '}') < 0)
        {
            return text switch
            {
                "." or ".." => throw Malformed(pattern, $"has '{text}' in it, which is resolved in every request before routes are looked for"),
                "*" or "**" => throw Malformed(pattern, $"has '{text}' in it: what takes all remaining segments is written {{*name}}"),
                [':', _, ..] => throw Malformed(pattern, $"has '{text}' in it: a parameter is written {{{text[1..]}}}"),
                _ => new Segment(SegmentKind.Literal, text, Encoding.UTF8.GetBytes(text)),
            };
        }

        if (text is not ['{', .. var name, '}'] || name.AsSpan().IndexOfAny('{', '}') >= 0)
        {
            throw Malformed(
                pattern,
                $"has the segment '{text}' in it: a parameter is one whole segment. Write {{name}} for the segment, and take its value apart in the handler");
        }

        var isCatchAll = name.StartsWith('*');
        name = name.StartsWith("**", StringComparison.Ordinal) ? name[2..] : name.TrimStart('*');
        if (name.Split(':', '=', '?') is [var bare, _, ..])
        {
            throw Malformed(pattern, name[bare.Length] switch
            {
                ':' => $"has a constraint in '{text}', which there is not: write {{{(isCatchAll ? "*" : "")}{bare}}}, and check the value in the handler",
                '?' when isCatchAll => $"has '{text}' in it: write {{*{bare}}}, which may be empty; for the path without its slash map a second route",
                '=' => $"has a default value in '{text}', which there is not: map the path without it as a route of its own",
                _ => $"has the optional parameter '{text}', which there is not: map two routes, one with {{{bare}}} and one without it",
            });
        }

        if (name.Length == 0 || !name.All(static character => char.IsAsciiLetterOrDigit(character) || character == '_'))
        {
            throw Malformed(pattern, $"has the parameter '{text}': it needs a name of letters, digits and underscores, {{name}} or {{*name}}");
        }

        return !isCatchAll ? new Segment(SegmentKind.Parameter, name, [])
            : isLast ? new Segment(SegmentKind.CatchAll, name, [])
            : throw Malformed(pattern, $"has the catch-all '{text}' in it, which must be the last segment");
    }

    private static ArgumentException Malformed(string pattern, string problem) =>
        new($"The route pattern '{pattern}' {problem}.", nameof(pattern));

    private sealed record Segment(SegmentKind Kind, string Text, byte[] Bytes);
}
