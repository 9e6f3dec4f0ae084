using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PipeServer.Tls;

/// <summary>The text form of a certificate's subject (RFC 4514): <c>CN=ann,OU=staff,O=Example</c>, the most specific part first.</summary>
internal static class DistinguishedName
{
    /// <summary>Writes it. What has a meaning in the form is escaped by a backslash; all else, control characters too, is as it is.</summary>
    public static string Write(X500DistinguishedName name)
    {
        try
        {
            return string.Join(',', name.EnumerateRelativeDistinguishedNames(reversed: true).Select(static part => Write(part.RawData)));
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            return "#" + Convert.ToHexString(name.RawData);
        }
    }

    // RelativeDistinguishedName ::= SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY } (RFC 5280 §4.1.2.4)
    private static string Write(ReadOnlyMemory<byte> part)
    {
        var attributes = new List<string>();
        for (var set = new AsnReader(part, AsnEncodingRules.BER).ReadSetOf(); set.HasData;)
        {
            var pair = set.ReadSequence();
            var type = pair.ReadObjectIdentifier();
            var value = pair.ReadEncodedValue();
            attributes.Add($"{NameOf(type)}={TextOf(value)}");
        }

        return string.Join('+', attributes);
    }

    private static string TextOf(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.BER);
        return reader.PeekTag() is { TagClass: TagClass.Universal } tag && (UniversalTagNumber)tag.TagValue is var kind
            && kind is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String
                or UniversalTagNumber.T61String or UniversalTagNumber.BMPString or UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString
            ? Escape(reader.ReadCharacterString(kind))
            : "#" + Convert.ToHexString(value.Span); // RFC 4514 §2.4
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var mustEscape = text[i] switch
            {
                '"' or '+' or ',' or ';' or '<' or '>' or '\\' or '=' => true,
                '#' => i == 0,
                ' ' => i == 0 || i == text.Length - 1,
                _ => false,
            };
            _ = mustEscape ? escaped.Append('\\').Append(text[i])
                : text[i] == '\0' ? escaped.Append("\\00")
                : escaped.Append(text[i]);
        }

        return escaped.ToString();
    }

    // Those of RFC 4514 §3, and what certificates of people have beside them.
    private static string NameOf(string type) => type switch
    {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => type,
    };
}
