using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http.Hpack;

/// <summary>
/// What a field of a request may be by itself (RFC 9113 §8.2, §8.3), whatever else is in its block: so that a field of the dynamic table is judged
/// once. Pure.
/// </summary>
internal static class FieldRules
{
    /// <summary>Judges a name.</summary>
    public static HpackField Name(ReadOnlySpan<byte> name)
    {
        if (name.Length > 0 && name[0] == (byte)':')
        {
            var pseudo = PseudoKind(name);
            var unknown = pseudo == FieldKind.UnknownPseudo ? RequestError.BadPseudoHeader : RequestError.None;
            return new HpackField(0, name.Length, 0, pseudo, KnownHeader.Other, unknown);
        }

        if (name.IsEmpty || name.ContainsAnyExcept(HttpCharacters.LowerCaseToken))
        {
            return new HpackField(0, name.Length, 0, FieldKind.Forbidden, KnownHeader.Other, RequestError.BadFieldName);
        }

        if (IsConnectionSpecific(name))
        {
            return new HpackField(0, name.Length, 0, FieldKind.Forbidden, KnownHeader.Other, RequestError.ConnectionSpecificField);
        }

        var known = KnownHeaders.Find(name);
        return known == KnownHeader.Lookalike
            ? new HpackField(0, name.Length, 0, FieldKind.Forbidden, KnownHeader.Other, RequestError.LookalikeField)
            : new HpackField(0, name.Length, 0, known == KnownHeader.Host ? FieldKind.Host : RegularKind(name), known, RequestError.None);
    }

    /// <summary>Judges a value by the rules for its name, which has been judged.</summary>
    public static HpackField WithValue(in HpackField name, ReadOnlySpan<byte> value) =>
        name with { ValueLength = value.Length, Error = name.Kind is FieldKind.Forbidden or FieldKind.UnknownPseudo ? name.Error : Check(name.Kind, value) };

    /// <summary>True for fields that are about an HTTP/1 connection, and are malformed in any message of HTTP/2 (RFC 9113 §8.2.2).</summary>
    /// <param name="name">A name in lower case.</param>
    public static bool IsConnectionSpecific(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 => name.SequenceEqual("upgrade"u8),
        10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8),
        16 => name.SequenceEqual("proxy-connection"u8),
        17 => name.SequenceEqual("transfer-encoding"u8),
        _ => false,
    };

    /// <summary>Judges the value of <c>:path</c>. What else may be wrong with it, <see cref="RequestTarget"/> tells, which has to take it apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RequestError CheckPath(ReadOnlySpan<byte> value) =>
        value.Length > 0 && value[0] is (byte)'/' or (byte)'*' ? RequestError.None : RequestError.BadTarget;

    private static FieldKind PseudoKind(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 when name.SequenceEqual(":path"u8) => FieldKind.Path,
        7 when name.SequenceEqual(":method"u8) => FieldKind.Method,
        7 when name.SequenceEqual(":scheme"u8) => FieldKind.Scheme,
        9 when name.SequenceEqual(":protocol"u8) => FieldKind.Protocol,
        10 when name.SequenceEqual(":authority"u8) => FieldKind.Authority,
        _ => FieldKind.UnknownPseudo,
    };

    private static FieldKind RegularKind(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("te"u8) => FieldKind.Te,
        6 when name.SequenceEqual("cookie"u8) => FieldKind.Cookie,
        _ => FieldKind.Regular,
    };

    private static RequestError Check(FieldKind kind, ReadOnlySpan<byte> value)
    {
        switch (kind)
        {
            case FieldKind.Method:
                return value.Length <= RequestParser.MaxMethodBytes && HttpCharacters.IsToken(value) ? RequestError.None : RequestError.BadMethod;
            case FieldKind.Scheme:
                return Ascii.EqualsIgnoreCase(value, "http"u8) || Ascii.EqualsIgnoreCase(value, "https"u8) ? RequestError.None : RequestError.BadPseudoHeader;
            case FieldKind.Authority:
            case FieldKind.Host:
                return Authority.TryParse(value, out _) ? RequestError.None : RequestError.BadHost;
            case FieldKind.Path:
                return CheckPath(value);
            case FieldKind.Protocol:
                return HttpCharacters.IsToken(value) ? RequestError.None : RequestError.BadPseudoHeader;
            case FieldKind.Te:
                return Ascii.EqualsIgnoreCase(value, "trailers"u8) ? RequestError.None : RequestError.ConnectionSpecificField;
            default:
                // RFC 9113 §8.2.1; the other control characters as in HTTP/1 (RFC 9110 §5.5).
                var isPadded = value.Length > 0 && (value[0] is (byte)' ' or (byte)'\t' || value[^1] is (byte)' ' or (byte)'\t');
                return isPadded || value.ContainsAny(HttpCharacters.NotFieldValue) ? RequestError.BadFieldValue : RequestError.None;
        }
    }
}
