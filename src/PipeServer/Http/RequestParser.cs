using System.Buffers;
using System.Runtime.InteropServices;

namespace PipeServer.Http;

/// <summary>
/// Bytes in, a request head out: complete, partial, or invalid. Never throws, keeps nothing but the progress it notes in
/// the <see cref="RequestHead"/>, and gives the same answer wherever the bytes are split.
/// </summary>
/// <remarks>
/// The grammar is RFC 9112 §2.1 without its leniencies: CRLF line ends and single spaces only, no obs-fold. What two
/// recipients could read in two ways is refused; each refusal's section is in <see cref="RequestErrors"/>.
/// </remarks>
internal static class RequestParser
{
    /// <summary>Longer than any registered method; arbitrary beyond that.</summary>
    public const int MaxMethodBytes = 32;

    // RFC 9112 §2.2: "at least one empty line (CRLF) received prior to the request-line" is to be ignored. Two cover a
    // client that ends a body with one CRLF too many, and one that does it twice.
    private const int MaxEmptyLines = 2;

    /// <summary>Tries to parse the head that starts at the start of the buffer.</summary>
    /// <param name="buffer">Unconsumed input. After NeedMoreData: the same bytes with more behind them.</param>
    /// <param name="head">Reset before the first attempt at a head, then left alone until it is complete or invalid.</param>
    /// <param name="limits">What is too long.</param>
    public static ParseStatus Parse(in ReadOnlySequence<byte> buffer, RequestHead head, in RequestLimits limits)
    {
        var memory = buffer.First;
        if (IsUnread(head)
            && MemoryMarshal.TryGetArray(memory, out var segment)
            && OrdinaryHead.TryParse(segment.Array!, segment.Offset, segment.Count, head, limits))
        {
            return StatusOf(head);
        }

        if (!buffer.IsSingleSegment)
        {
            // Most heads lie in the first piece alone, and need no copy. This one does not if an earlier attempt has
            // looked beyond that piece.
            if (head.Scanned <= memory.Length)
            {
                var first = ParseLines(memory.Span, head, limits);
                if (first != ParseStatus.NeedMoreData)
                {
                    return Finish(first, head, memory);
                }
            }

            // One byte past the limit is enough to see that it is exceeded; the empty lines do not count towards it.
            memory = head.Assemble(buffer, limits.MaxRequestHeadBytes + (2 * MaxEmptyLines) + 1);
        }

        return ParseAnyHead(memory, head, limits);
    }

    /// <summary>The same over bytes that lie in one array.</summary>
    /// <param name="array">Holds the input. What lies outside of it may be anything.</param>
    /// <param name="start">Where the unconsumed input starts.</param>
    /// <param name="length">How much there is of it.</param>
    /// <param name="head">As above.</param>
    /// <param name="limits">As above.</param>
    public static ParseStatus Parse(byte[] array, int start, int length, RequestHead head, in RequestLimits limits)
    {
        if (IsUnread(head) && OrdinaryHead.TryParse(array, start, length, head, limits))
        {
            return StatusOf(head);
        }

        return ParseAnyHead(new ReadOnlyMemory<byte>(array, start, length), head, limits);
    }

    /// <summary>The same without the pass over ordinary heads, for tests that hold the two together.</summary>
    internal static ParseStatus ParseAnyHead(ReadOnlyMemory<byte> memory, RequestHead head, in RequestLimits limits) =>
        Finish(ParseLines(memory.Span, head, limits), head, memory);

    // A head of which nothing is noted. A carriage return alone is not, and no ordinary head starts with one.
    private static bool IsUnread(RequestHead head) => head.Scanned == 0;

    private static ParseStatus StatusOf(RequestHead head) =>
        head.Error == RequestError.None ? ParseStatus.Complete : ParseStatus.Invalid;

    private static ParseStatus Finish(ParseStatus status, RequestHead head, ReadOnlyMemory<byte> memory)
    {
        if (status == ParseStatus.NeedMoreData)
        {
            return status;
        }

        head.SetBytes(status == ParseStatus.Complete ? memory[..head.ByteLength] : memory);
        head.ReadLength = memory.Length;
        if (status == ParseStatus.Complete)
        {
            var error = RequestRules.Check(head);
            if (error != RequestError.None)
            {
                head.Error = error;
                return ParseStatus.Invalid;
            }
        }

        return status;
    }

    // HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
    private static ParseStatus ParseLines(ReadOnlySpan<byte> data, RequestHead head, in RequestLimits limits)
    {
        while (true)
        {
            var start = head.LineStart;
            var lineFeed = data[head.Scanned..].IndexOf((byte)'\n');
            if (lineFeed < 0)
            {
                return CheckPartialLine(data, head, limits);
            }

            lineFeed += head.Scanned;
            var next = lineFeed + 1;
            if (head.RequestLineStart >= 0 && next - head.RequestLineStart > limits.MaxRequestHeadBytes)
            {
                return Invalid(head, head.HasRequestLine ? RequestError.HeadTooLarge : TooLongRequestLine(data[start..lineFeed], head));
            }

            if (lineFeed == start || data[lineFeed - 1] != (byte)'\r')
            {
                // The same answer as if the line had come in two pieces: an error before its end counts first.
                var earlier = head.HasRequestLine || lineFeed == start
                    ? RequestError.None
                    : CheckPartialRequestLine(data[start..lineFeed], head, limits);
                return Invalid(head, earlier != RequestError.None ? earlier : RequestError.BareLineFeed);
            }

            var line = data[start..(lineFeed - 1)];
            RequestError error;
            if (!head.HasRequestLine)
            {
                error = line.IsEmpty ? CountEmptyLine(head) : ParseRequestLine(line, start, head, limits);
            }
            else if (!line.IsEmpty)
            {
                error = ParseField(line, start, head, limits);
            }
            else
            {
                head.ByteLength = next;
                return ParseStatus.Complete;
            }

            if (error != RequestError.None)
            {
                return Invalid(head, error);
            }

            head.LineStart = head.Scanned = next;
        }
    }

    private static ParseStatus Invalid(RequestHead head, RequestError error)
    {
        head.Error = error;
        return ParseStatus.Invalid;
    }

    // Refuses at once what no further byte can mend, so that a client that never ends its line learns why.
    private static ParseStatus CheckPartialLine(ReadOnlySpan<byte> data, RequestHead head, in RequestLimits limits)
    {
        var line = data[head.LineStart..];
        if (!head.HasRequestLine && !line.IsEmpty)
        {
            // The head starts where the request line does: at the first byte that is not part of an empty line.
            if (line[0] != (byte)'\r')
            {
                head.RequestLineStart = head.LineStart;
            }

            var error = CheckPartialRequestLine(line, head, limits);
            if (error != RequestError.None)
            {
                return Invalid(head, error);
            }
        }

        if (head.RequestLineStart >= 0 && data.Length - head.RequestLineStart > limits.MaxRequestHeadBytes)
        {
            return Invalid(head, RequestError.HeadTooLarge);
        }

        var carriageReturn = data[head.Scanned..].IndexOf((byte)'\r');
        if (carriageReturn >= 0 && head.Scanned + carriageReturn < data.Length - 1)
        {
            return Invalid(head, RequestError.BareCarriageReturn);
        }

        // A CR that is the last byte so far is looked at again with the byte after it.
        head.Scanned = carriageReturn >= 0 ? data.Length - 1 : data.Length;
        return ParseStatus.NeedMoreData;
    }

    private static RequestError CheckPartialRequestLine(ReadOnlySpan<byte> line, RequestHead head, in RequestLimits limits)
    {
        if (line[0] == (byte)'\r')
        {
            return RequestError.None;
        }

        var space = line.IndexOf((byte)' ');
        var method = space < 0 ? line : line[..space];
        if (method.TrimEnd((byte)'\r').Length > MaxMethodBytes || method.TrimEnd((byte)'\r').ContainsAnyExcept(HttpCharacters.Token))
        {
            return RequestError.BadMethod;
        }

        if (space > 0)
        {
            head.Method = RequestMethods.Find(method);
        }

        return line.Length > limits.MaxRequestLineBytes + 1 ? RequestError.TargetTooLong : RequestError.None;
    }

    private static RequestError CountEmptyLine(RequestHead head) =>
        ++head.EmptyLines > MaxEmptyLines ? RequestError.TooManyEmptyLines : RequestError.None;

    private static RequestError TooLongRequestLine(ReadOnlySpan<byte> line, RequestHead head)
    {
        var error = CheckPartialRequestLine(line, head, default);
        return error == RequestError.None ? RequestError.TargetTooLong : error;
    }

    // request-line = method SP request-target SP HTTP-version
    private static RequestError ParseRequestLine(
        ReadOnlySpan<byte> line, int start, RequestHead head, in RequestLimits limits)
    {
        head.RequestLineStart = start;
        var space = line.IndexOf((byte)' ');
        var method = space < 0 ? line : line[..space];
        if (method.Length > MaxMethodBytes || !HttpCharacters.IsToken(method))
        {
            return RequestError.BadMethod;
        }

        if (space < 0)
        {
            return RequestError.BadRequestLine;
        }

        // Whatever else is wrong: the refusal of a HEAD has no body either.
        head.Method = RequestMethods.Find(method);
        if (line.Length > limits.MaxRequestLineBytes)
        {
            return RequestError.TargetTooLong;
        }

        var rest = line[(space + 1)..];
        var targetLength = rest.IndexOf((byte)' ');
        if (targetLength <= 0)
        {
            return RequestError.BadRequestLine;
        }

        var error = ParseVersion(rest[(targetLength + 1)..], head);
        if (error != RequestError.None)
        {
            return error;
        }

        head.SetRequestLine(start, method.Length, start + space + 1, targetLength);
        head.HasRequestLine = true;
        return RequestError.None;
    }

    // HTTP-version = "HTTP" "/" DIGIT "." DIGIT
    private static RequestError ParseVersion(ReadOnlySpan<byte> version, RequestHead head)
    {
        if (version.SequenceEqual("HTTP/1.1"u8))
        {
            head.MinorVersion = 1;
            return RequestError.None;
        }

        if (version.Length != 8
            || !version.StartsWith("HTTP/"u8)
            || !HttpCharacters.IsDigit(version[5])
            || version[6] != (byte)'.'
            || !HttpCharacters.IsDigit(version[7]))
        {
            return RequestError.BadVersion;
        }

        head.MinorVersion = version[7] == (byte)'0' ? 0 : 1;
        return version[5] switch
        {
            (byte)'1' => RequestError.None,
            (byte)'0' => RequestError.BadVersion,
            _ => RequestError.UnsupportedVersion,
        };
    }

    // field-line = field-name ":" OWS field-value OWS
    private static RequestError ParseField(ReadOnlySpan<byte> line, int start, RequestHead head, in RequestLimits limits)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            return RequestError.LeadingWhiteSpace;
        }

        var colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            return RequestError.MissingColon;
        }

        var name = line[..colon];
        if (!HttpCharacters.IsToken(name))
        {
            return RequestError.BadFieldName;
        }

        var value = line[(colon + 1)..];
        if (value.ContainsAny(HttpCharacters.NotFieldValue))
        {
            return RequestError.BadFieldValue;
        }

        if (head.Fields.Count == limits.MaxRequestHeaderCount)
        {
            return RequestError.TooManyFields;
        }

        var known = KnownHeaders.Find(name);
        if (known == KnownHeader.Lookalike)
        {
            return RequestError.LookalikeField;
        }

        var leading = value.Length - value.TrimStart(" \t"u8).Length;
        head.Fields.AddSlice(new HeaderField(
            start, colon, start + colon + 1 + leading, HttpCharacters.TrimOws(value).Length, known));
        return RequestError.None;
    }
}
