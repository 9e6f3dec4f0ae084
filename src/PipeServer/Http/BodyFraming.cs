using System.Text;

namespace PipeServer.Http;

/// <summary>How long the request's body is: the one place where Content-Length and Transfer-Encoding are decided on.</summary>
/// <param name="IsChunked">
/// The body's end is told by its framing: it comes in chunks (RFC 9112 §7.1), or in DATA frames, of which one ends its stream (RFC 9113 §8.1).
/// </param>
/// <param name="ContentLength">The body's length in bytes; 0 for a chunked body, and when there is no body.</param>
/// <param name="HasContentLength">The request named a length, which may be 0.</param>
internal readonly record struct BodyFraming(bool IsChunked, long ContentLength, bool HasContentLength)
{
    public static readonly BodyFraming None;

    public bool HasBody => IsChunked || ContentLength > 0;

    /// <summary>Decides as RFC 9112 §6.3 says, refusing whatever two recipients could read in two ways.</summary>
    public static RequestError Decide(HeaderFields fields, int minorVersion, out BodyFraming framing)
    {
        framing = None;
        var hasLength = fields.Has(KnownHeader.ContentLength);
        if (!fields.Has(KnownHeader.TransferEncoding))
        {
            return hasLength ? DecideByContentLength(fields, out framing) : RequestError.None;
        }

        // RFC 9112 §6.1: a request with both may be an attempt at request smuggling; HTTP/1.0 did not have transfer codings.
        if (hasLength)
        {
            return RequestError.ContentLengthWithTransferEncoding;
        }

        if (minorVersion == 0)
        {
            return RequestError.TransferEncodingInHttp10;
        }

        var error = DecideByTransferEncoding(fields);
        if (error == RequestError.None)
        {
            framing = new BodyFraming(IsChunked: true, ContentLength: 0, HasContentLength: false);
        }

        return error;
    }

    private static RequestError DecideByContentLength(HeaderFields fields, out BodyFraming framing)
    {
        framing = None;
        var index = fields.IndexOf(KnownHeader.ContentLength);
        if (fields.IndexOf(KnownHeader.ContentLength, index + 1) >= 0)
        {
            return RequestError.SeveralContentLengths;
        }

        // Content-Length = 1*DIGIT. RFC 9112 §6.3 lets a recipient take a list of equal values; we refuse it.
        var value = fields.Value(index);
        if (!TryReadLength(value, out var length))
        {
            return value.Contains((byte)',') ? RequestError.SeveralContentLengths : RequestError.BadContentLength;
        }

        framing = new BodyFraming(IsChunked: false, length, HasContentLength: true);
        return RequestError.None;
    }

    // False also for a number that no long can hold. Zeros in front do no harm.
    private static bool TryReadLength(ReadOnlySpan<byte> text, out long length)
    {
        const long MostTens = long.MaxValue / 10;
        length = 0;
        foreach (var character in text)
        {
            var digit = (uint)(character - '0');
            if (digit > 9 || length > MostTens || (length == MostTens && digit > long.MaxValue % 10))
            {
                return false;
            }

            length = (length * 10) + digit;
        }

        return text.Length > 0;
    }

    // Transfer-Encoding = #transfer-coding, over all its lines, of which exactly one "chunked" is what we take.
    private static RequestError DecideByTransferEncoding(HeaderFields fields)
    {
        var chunked = false;
        var unknown = false;
        for (var index = fields.IndexOf(KnownHeader.TransferEncoding);
            index >= 0;
            index = fields.IndexOf(KnownHeader.TransferEncoding, index + 1))
        {
            var rest = fields.Value(index);
            while (true)
            {
                var comma = rest.IndexOf((byte)',');
                var coding = HttpCharacters.TrimOws(comma < 0 ? rest : rest[..comma]);
                if (chunked)
                {
                    return RequestError.BadTransferEncoding; // twice, or something after it
                }

                if (Ascii.EqualsIgnoreCase(coding, "chunked"u8))
                {
                    chunked = true;
                }
                else if (!IsHarmlessUnknownCoding(coding))
                {
                    return RequestError.BadTransferEncoding;
                }
                else
                {
                    unknown = true;
                }

                if (comma < 0)
                {
                    break;
                }

                rest = rest[(comma + 1)..];
            }
        }

        return unknown ? RequestError.UnknownTransferCoding : RequestError.None;
    }

    // transfer-coding = token *( OWS ";" OWS transfer-parameter ). A token that only contains "chunked" (xchunked,
    // chunked;a=b) is an attempt to be read as chunked by somebody less strict, not a coding that we happen not to know.
    private static bool IsHarmlessUnknownCoding(ReadOnlySpan<byte> coding)
    {
        var semicolon = coding.IndexOf((byte)';');
        var name = semicolon < 0 ? coding : coding[..semicolon].TrimEnd(" \t"u8);
        if (!HttpCharacters.IsToken(name) || (semicolon >= 0 && !AreParameters(coding[(semicolon + 1)..])))
        {
            return false;
        }

        for (var start = 0; start + 7 <= coding.Length; start++)
        {
            if (Ascii.EqualsIgnoreCase(coding.Slice(start, 7), "chunked"u8))
            {
                return false;
            }
        }

        return true;
    }

    // transfer-parameter = token BWS "=" BWS ( token / quoted-string ), of which the second is refused: a comma in it would
    // have been taken for a separator, and nobody sends one.
    private static bool AreParameters(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var semicolon = text.IndexOf((byte)';');
            var parameter = HttpCharacters.TrimOws(semicolon < 0 ? text : text[..semicolon]);
            var equals = parameter.IndexOf((byte)'=');
            if (equals < 0
                || !HttpCharacters.IsToken(parameter[..equals].TrimEnd(" \t"u8))
                || !HttpCharacters.IsToken(parameter[(equals + 1)..].TrimStart(" \t"u8)))
            {
                return false;
            }

            if (semicolon < 0)
            {
                return true;
            }

            text = text[(semicolon + 1)..];
        }
    }
}
