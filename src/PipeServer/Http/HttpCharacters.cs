using System.Buffers;

namespace PipeServer.Http;

/// <summary>The character classes of the HTTP grammar, each under its rule, as vectorised sets.</summary>
internal static class HttpCharacters
{
    private const string Digits = "0123456789";
    private const string LowerCaseLetters = "abcdefghijklmnopqrstuvwxyz";
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + LowerCaseLetters;

    // RFC 9110 §5.6.2
    // tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
    public static readonly SearchValues<byte> Token = Set("!#$%&'*+-.^_`|~" + Digits + Letters);

    // RFC 9113 §8.2.1: the same without upper-case letters, for the names of fields
    public static readonly SearchValues<byte> LowerCaseToken = Set("!#$%&'*+-.^_`|~" + Digits + LowerCaseLetters);

    // What may stand in a target: RFC 3986 §2 and appendix A, and \ ^ ` { | }, which no grammar has and browsers send raw
    // (the URL standard's query percent-encode set leaves them alone). Left out are the fragment's "#", " < > and all but
    // visible ASCII. A backslash is for queries alone.
    public static readonly SearchValues<byte> Target = Set("-._~!$&'()*+,;=:@/?[]%\\^`{|}" + Digits + Letters);

    // RFC 9110 §5.5: the complement of
    // field-value = *( HTAB / SP / VCHAR / obs-text )
    public static readonly SearchValues<byte> NotFieldValue = SearchValues.Create(ControlsWithoutTab());

    // RFC 3986 §3.2.2, without "," (RFC 9112 §3.2 wants one host, and a list is how two get merged)
    // reg-name = *( unreserved / pct-encoded / sub-delims )
    public static readonly SearchValues<byte> RegName = Set("-._~!$&'()*+;=%" + Digits + Letters);

    /// <summary>token = 1*tchar</summary>
    public static bool IsToken(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && !bytes.ContainsAnyExcept(Token);

    /// <summary>OWS = *( SP / HTAB ). Only these two: 0x85 and 0xA0 are bytes of the value.</summary>
    public static ReadOnlySpan<byte> TrimOws(ReadOnlySpan<byte> bytes) => bytes.Trim(" \t"u8);

    public static bool IsDigit(byte value) => (uint)(value - '0') <= 9;

    /// <summary>The value of a HEXDIG, or -1.</summary>
    public static int HexValue(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };

    private static SearchValues<byte> Set(string characters) =>
        SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(characters));

    private static byte[] ControlsWithoutTab()
    {
        var controls = new List<byte> { 0x7F };
        for (byte value = 0; value < 0x20; value++)
        {
            if (value != (byte)'\t')
            {
                controls.Add(value);
            }
        }

        return [.. controls];
    }
}
