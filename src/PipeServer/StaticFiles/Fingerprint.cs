using System.Buffers;

namespace PipeServer.StaticFiles;

/// <summary>Recognises names that build tools have put a hash of the content into: such a file never changes.</summary>
internal static class Fingerprint
{
    private const int ShortHash = 8; // what Vite, Rollup and esbuild use

    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> LettersAndDigits =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<char> NotBase32 = SearchValues.Create("0189");

    /// <summary>
    /// True for <c>app.3f2a9c1b.js</c> (8 or more hexadecimal digits, letters and digits among them), <c>app-5WPBKZ7D.js</c> and
    /// <c>index-BfQ8rX9a.js</c> (8 of base 32 or base 64, mixed). A date or a word is not a fingerprint: it is better to ask too often than
    /// to keep an old file for a year.
    /// </summary>
    public static bool IsIn(string path)
    {
        var name = path.AsSpan(path.LastIndexOf('/') + 1);
        var dot = name.LastIndexOf('.');
        if (dot <= 0)
        {
            return false;
        }

        // Not the first part: a name that is nothing but a hash is some store's own business.
        var stem = name[..dot];
        var first = stem.IndexOfAny('.', '-', '_');
        return first >= 0 && HasHash(stem[(first + 1)..]);
    }

    private static bool HasHash(ReadOnlySpan<char> parts)
    {
        foreach (var part in parts.SplitAny('.', '-', '_'))
        {
            if (IsHash(parts[part]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHash(ReadOnlySpan<char> part)
    {
        if (part.Length < ShortHash || part.Length > 64 || !part.ContainsAnyInRange('0', '9'))
        {
            return false;
        }

        var hasLower = part.ContainsAnyInRange('a', 'z');
        var hasUpper = part.ContainsAnyInRange('A', 'Z');
        if (hasLower != hasUpper && !part.ContainsAnyExcept(Hexadecimal))
        {
            return true;
        }

        return part.Length == ShortHash && hasUpper
            && !part.ContainsAnyExcept(LettersAndDigits)
            && (hasLower || !part.ContainsAny(NotBase32));
    }
}
