using System.Text;

namespace PipeServer.Routing;

/// <summary>
/// A route's path pattern: literal segments, <c>{parameter}</c> segments, and possibly a last <c>{*rest}</c> that takes all
/// remaining segments, slashes included.
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

    /// <summary>
    /// Equal for patterns that match the same paths; in ordinal order a literal segment comes before a parameter, a
    /// parameter before a catch-all.
    /// </summary>
    public string Shape { get; }

    /// <exception cref="ArgumentException">The pattern is malformed; the message says how.</exception>
    public static RoutePattern Parse(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (!pattern.StartsWith('/'))
        {
            throw new ArgumentException($"The route pattern '{pattern}' must start with a slash.", nameof(pattern));
        }

        var texts = pattern[1..].Split('/');
        var segments = new Segment[texts.Length];
        for (var index = 0; index < texts.Length; index++)
        {
            segments[index] = ParseSegment(pattern, texts[index], isLast: index == texts.Length - 1);
        }

        var names = segments.Where(static segment => segment.Kind != SegmentKind.Literal).Select(static segment => segment.Text).ToList();
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw new ArgumentException($"The route pattern '{pattern}' uses a parameter name twice.", nameof(pattern));
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

    private static Segment ParseSegment(string pattern, string text, bool isLast)
    {
        if (!text.Contains('{', StringComparison.Ordinal) && !text.Contains('}', StringComparison.Ordinal))
        {
            return new Segment(SegmentKind.Literal, text, Encoding.UTF8.GetBytes(text));
        }

        if (text.Length < 3 || text[0] != '{' || text[^1] != '}')
        {
            throw new ArgumentException(
                $"In the route pattern '{pattern}' the segment '{text}' must be a literal or one whole {{parameter}}.",
                nameof(pattern));
        }

        var name = text[1..^1];
        var isCatchAll = name.StartsWith('*');
        name = name.TrimStart('*');
        if (name.Length == 0 || !name.All(static character => char.IsAsciiLetterOrDigit(character) || character == '_'))
        {
            throw new ArgumentException(
                $"In the route pattern '{pattern}' the parameter '{text}' needs a name of letters, digits and underscores.",
                nameof(pattern));
        }

        if (isCatchAll && !isLast)
        {
            throw new ArgumentException(
                $"In the route pattern '{pattern}' the catch-all '{text}' must be the last segment.", nameof(pattern));
        }

        return new Segment(isCatchAll ? SegmentKind.CatchAll : SegmentKind.Parameter, name, []);
    }

    private sealed record Segment(SegmentKind Kind, string Text, byte[] Bytes);
}
