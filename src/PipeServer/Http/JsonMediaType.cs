using System.Text;

namespace PipeServer.Http;

/// <summary>
/// Tells JSON by its Content-Type: <c>application/json</c> (RFC 8259 §11) and what has the suffix <c>+json</c> (RFC 6839 §3.1), in UTF-8.
/// media-type = type "/" subtype *( OWS ";" OWS [ parameter ] ) (RFC 9110 §8.3.1, §5.6.6)
/// </summary>
internal static class JsonMediaType
{
    /// <summary>True for JSON in UTF-8. RFC 8259 knows no charset; one that is named nevertheless must be this one.</summary>
    public static bool Matches(ReadOnlySpan<byte> contentType)
    {
        var end = contentType.IndexOf((byte)';');
        var type = HttpCharacters.TrimOws(end < 0 ? contentType : contentType[..end]);
        var slash = type.IndexOf((byte)'/');
        return slash > 0 && HttpCharacters.IsToken(type[..slash]) && HttpCharacters.IsToken(type[(slash + 1)..])
            && (Ascii.EqualsIgnoreCase(type, "application/json"u8) || (type.Length > slash + 6 && Ascii.EqualsIgnoreCase(type[^5..], "+json"u8)))
            && (end < 0 || AreParametersFine(contentType[(end + 1)..]));
    }

    private static bool AreParametersFine(ReadOnlySpan<byte> rest)
    {
        while (true)
        {
            rest = HttpCharacters.TrimOws(rest);
            if (rest.IsEmpty)
            {
                return true;
            }

            if (rest[0] == (byte)';')
            {
                rest = rest[1..];
                continue;
            }

            var equals = rest.IndexOf((byte)'=');
            if (equals <= 0 || !HttpCharacters.IsToken(rest[..equals]))
            {
                return false;
            }

            var name = rest[..equals];
            rest = rest[(equals + 1)..];
            var length = ValueLength(rest);
            var value = rest[..length];
            rest = HttpCharacters.TrimOws(rest[length..]);
            if (length == 0 || (!rest.IsEmpty && rest[0] != (byte)';')
                || (Ascii.EqualsIgnoreCase(name, "charset"u8) && !IsUtf8(value)))
            {
                return false;
            }
        }
    }

    // token / quoted-string; 0 for neither.
    private static int ValueLength(ReadOnlySpan<byte> rest)
    {
        if (rest is not [(byte)'"', ..])
        {
            var end = rest.IndexOfAnyExcept(HttpCharacters.Token);
            return end < 0 ? rest.Length : end;
        }

        for (var index = 1; index < rest.Length; index++)
        {
            if (rest[index] == (byte)'"')
            {
                return index + 1;
            }

            index += rest[index] == (byte)'\\' ? 1 : 0;
        }

        return 0;
    }

    private static bool IsUtf8(ReadOnlySpan<byte> value) =>
        Ascii.EqualsIgnoreCase(value, "utf-8"u8) || Ascii.EqualsIgnoreCase(value, "\"utf-8\""u8);
}
