namespace PipeServer.StaticFiles;

/// <summary>
/// A pattern for files below the root: <c>*</c> stands for any characters of a name, <c>?</c> for one, <c>**</c> between slashes for any
/// folders, none of them too. Without a slash it is for the file's name, in whichever folder. Case counts. Immutable.
/// </summary>
internal sealed class Glob
{
    private readonly string[] _segments;

    private Glob(string[] segments) => _segments = segments;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ArgumentException">It is malformed; the message names <see cref="StaticFileOptions.ImmutableFiles"/>.</exception>
    public static Glob Parse(string text)
    {
        var path = text.StartsWith('/') ? text[1..] : text;
        var segments = path.Split('/');
        var mistake =
            text.Length == 0 || path.Length == 0 ? "it is empty"
            : path.EndsWith('/') ? "it ends with a slash, and files are meant; for everything in a folder write folder/**"
            : Array.Exists(segments, static segment => segment is "" or "." or "..") ? "it has an empty segment, a . or a .. in it"
            : text.AsSpan().ContainsAny("[]{}") ? "[ ] { } have no meaning here; write ? for a character of the name that is one of them"
            : Array.Exists(segments, static segment => segment != "**" && segment.Contains("**", StringComparison.Ordinal))
                ? "** must stand alone between slashes"
            : text.Any(static c => char.IsControl(c) || c == '\\') ? "a name has no backslash and no control character"
            : null;
        if (mistake is not null)
        {
            throw new ArgumentException(
                $"{nameof(StaticFileOptions.ImmutableFiles)} must be patterns like assets/** or *-????????.js; '{Printable(text)}' is not: {mistake}.");
        }

        return new Glob(text.Contains('/', StringComparison.Ordinal) ? segments : ["**", .. segments]);
    }

    /// <summary>Whether a file is meant.</summary>
    /// <param name="path">Its path below the root, without a slash at its start.</param>
    public bool Matches(string path)
    {
        // The last ** takes as many folders as are needed: going back to it alone is enough, as with the star in a name.
        var rest = path.AsSpan();
        var restAtStar = rest;
        var (pattern, star) = (0, -1);
        while (true)
        {
            if (pattern < _segments.Length && _segments[pattern] == "**")
            {
                star = pattern++;
                restAtStar = rest;
                if (pattern == _segments.Length)
                {
                    return true;
                }

                continue;
            }

            var slash = rest.IndexOf('/');
            var name = slash < 0 ? rest : rest[..slash];
            var isLast = pattern == _segments.Length - 1;
            if (isLast == slash < 0 && MatchesName(_segments[pattern], name))
            {
                if (isLast)
                {
                    return true;
                }

                rest = rest[(slash + 1)..];
                pattern++;
                continue;
            }

            var next = restAtStar.IndexOf('/');
            if (star < 0 || next < 0)
            {
                return false;
            }

            restAtStar = restAtStar[(next + 1)..];
            rest = restAtStar;
            pattern = star + 1;
        }
    }

    private static bool MatchesName(string pattern, ReadOnlySpan<char> name)
    {
        var (at, rest, star, restAtStar) = (0, 0, -1, 0);
        while (rest < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, restAtStar) = (at++, rest);
            }
            else if (at < pattern.Length && (pattern[at] == '?' || pattern[at] == name[rest]))
            {
                at++;
                rest++;
            }
            else if (star >= 0)
            {
                (at, rest) = (star + 1, ++restAtStar);
            }
            else
            {
                return false;
            }
        }

        while (at < pattern.Length && pattern[at] == '*')
        {
            at++;
        }

        return at == pattern.Length;
    }

    private static string Printable(string text) => new([.. text.Select(static c => char.IsControl(c) ? '?' : c)]);
}
