namespace PipeServer.Http;

/// <summary>
/// Decodes a chunked body (RFC 9112 §7.1) byte by byte between the chunks and span by span within them, so that it can be
/// fed in any pieces and keeps nothing but its state and the trailers. Extensions are checked and ignored.
/// </summary>
/// <remarks>
/// <code>
/// chunked-body = *chunk last-chunk trailer-section CRLF
/// chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
/// chunk-ext    = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
/// </code>
/// </remarks>
internal sealed class ChunkedDecoder
{
    /// <summary>Arbitrary, because no extension is in use anywhere; the limit is for all chunks of a body together.</summary>
    public const int MaxExtensionBytes = 4096;

    // As many digits as a 64-bit size can need.
    private const int MaxSizeDigits = 16;

    private State _state;
    private long _remaining;
    private int _digits;
    private int _extensionBytes;
    private int _trailerBytes;
    private int _trailerCount;

    private enum State : byte
    {
        Size,
        ExtensionSpace,
        ExtensionNameStart,
        ExtensionName,
        ExtensionNameSpace,
        ExtensionValueStart,
        ExtensionValue,
        ExtensionQuoted,
        ExtensionQuotedPair,
        ExtensionQuotedEnd,
        SizeLineFeed,
        Data,
        DataCarriageReturn,
        DataLineFeed,
        TrailerStart,
        TrailerName,
        TrailerValue,
        TrailerLineFeed,
        EndLineFeed,
        Complete,
        Invalid,
    }

    public RequestError Error { get; private set; }

    /// <summary>What the trailer section has brought so far; all of it when the body is complete.</summary>
    public TrailerFields Trailers { get; } = new();

    /// <summary>What the chunk in progress has announced and not brought yet.</summary>
    public long AnnouncedBytes => _state == State.Data ? _remaining : 0;

    public bool IsComplete => _state == State.Complete;

    /// <summary>Starts a new body.</summary>
    public void Reset()
    {
        _state = State.Size;
        Error = RequestError.None;
        _remaining = 0;
        _digits = _extensionBytes = _trailerBytes = _trailerCount = 0;
        Trailers.Clear();
    }

    /// <summary>Goes on where the last call stopped.</summary>
    /// <param name="input">What follows the bytes that were consumed so far.</param>
    /// <param name="limits">The trailer section obeys the limits of the field section.</param>
    /// <param name="consumed">How much of the input is done with, the data included.</param>
    /// <param name="data">With <see cref="ChunkedStatus.Data"/>: the part of the input that is body.</param>
    public ChunkedStatus Decode(
        ReadOnlySpan<byte> input, in RequestLimits limits, out int consumed, out ReadOnlySpan<byte> data)
    {
        data = default;
        consumed = 0;
        while (_state is not (State.Complete or State.Invalid))
        {
            if (consumed == input.Length)
            {
                return ChunkedStatus.NeedMoreData;
            }

            if (_state == State.Data)
            {
                var length = (int)Math.Min(_remaining, input.Length - consumed);
                data = input.Slice(consumed, length);
                consumed += length;
                _remaining -= length;
                if (_remaining == 0)
                {
                    _state = State.DataCarriageReturn;
                }

                return ChunkedStatus.Data;
            }

            var error = Step(input[consumed++], limits);
            if (error != RequestError.None)
            {
                Error = error;
                _state = State.Invalid;
            }
        }

        return _state == State.Complete ? ChunkedStatus.Complete : ChunkedStatus.Invalid;
    }

    private RequestError Step(byte value, in RequestLimits limits)
    {
        switch (_state)
        {
            case State.Size:
                return StepSize(value);
            case State.SizeLineFeed:
                return Expect(value, (byte)'\n', _remaining > 0 ? State.Data : State.TrailerStart, RequestError.BareCarriageReturn);
            case State.DataCarriageReturn:
                return Expect(value, (byte)'\r', State.DataLineFeed, RequestError.BadChunkEnd);
            case State.DataLineFeed:
                _digits = 0;
                return Expect(value, (byte)'\n', State.Size, RequestError.BadChunkEnd);
            case State.EndLineFeed:
                return ++_trailerBytes > limits.MaxRequestHeadBytes
                    ? RequestError.TrailersTooLarge
                    : Expect(value, (byte)'\n', State.Complete, RequestError.BareCarriageReturn);
            case State.TrailerStart or State.TrailerName or State.TrailerValue or State.TrailerLineFeed:
                return ++_trailerBytes > limits.MaxRequestHeadBytes ? RequestError.TrailersTooLarge : StepTrailer(value, limits);
            default:
                // The CR that ends an extension is not part of it; anywhere else it is refused.
                return value != (byte)'\r' && ++_extensionBytes > MaxExtensionBytes
                    ? RequestError.ChunkExtensionsTooLong
                    : StepExtension(value);
        }
    }

    private RequestError Expect(byte value, byte expected, State next, RequestError otherwise)
    {
        _state = next;
        return value == expected ? RequestError.None : otherwise;
    }

    // chunk-size = 1*HEXDIG
    private RequestError StepSize(byte value)
    {
        var digit = HttpCharacters.HexValue(value);
        if (digit >= 0)
        {
            if (++_digits > MaxSizeDigits || _remaining > (long.MaxValue - digit) / 16)
            {
                return RequestError.BadChunkSize;
            }

            _remaining = (_remaining * 16) + digit;
            return RequestError.None;
        }

        if (_digits == 0)
        {
            return RequestError.BadChunkSize;
        }

        switch (value)
        {
            case (byte)'\r':
                _state = State.SizeLineFeed;
                return RequestError.None;
            case (byte)';':
                _extensionBytes++;
                _state = State.ExtensionNameStart;
                return RequestError.None;
            case (byte)' ' or (byte)'\t':
                _extensionBytes++;
                _state = State.ExtensionSpace;
                return RequestError.None;
            default:
                return RequestError.BadChunkSize;
        }
    }

    private RequestError StepExtension(byte value)
    {
        var isSpace = value is (byte)' ' or (byte)'\t';
        var isToken = HttpCharacters.Token.Contains(value);
        State? next = _state switch
        {
            State.ExtensionSpace when isSpace => State.ExtensionSpace,
            State.ExtensionSpace when value == (byte)';' => State.ExtensionNameStart,

            State.ExtensionNameStart when isSpace => State.ExtensionNameStart,
            State.ExtensionNameStart when isToken => State.ExtensionName,

            State.ExtensionName when isToken => State.ExtensionName,
            State.ExtensionName or State.ExtensionNameSpace when value == (byte)'=' => State.ExtensionValueStart,
            State.ExtensionName or State.ExtensionNameSpace when value == (byte)';' => State.ExtensionNameStart,
            State.ExtensionName or State.ExtensionNameSpace when isSpace => State.ExtensionNameSpace,
            State.ExtensionName when value == (byte)'\r' => State.SizeLineFeed,

            State.ExtensionValueStart when isSpace => State.ExtensionValueStart,
            State.ExtensionValueStart when value == (byte)'"' => State.ExtensionQuoted,
            State.ExtensionValueStart when isToken => State.ExtensionValue,

            State.ExtensionValue when isToken => State.ExtensionValue,
            State.ExtensionQuoted when value == (byte)'"' => State.ExtensionQuotedEnd,
            State.ExtensionQuoted when value == (byte)'\\' => State.ExtensionQuotedPair,
            State.ExtensionQuoted or State.ExtensionQuotedPair when IsText(value) => State.ExtensionQuoted,
            State.ExtensionValue or State.ExtensionQuotedEnd when value == (byte)';' => State.ExtensionNameStart,
            State.ExtensionValue or State.ExtensionQuotedEnd when isSpace => State.ExtensionSpace,
            State.ExtensionValue or State.ExtensionQuotedEnd when value == (byte)'\r' => State.SizeLineFeed,
            _ => null,
        };
        if (next is null)
        {
            return RequestError.BadChunkExtension;
        }

        _state = next.Value;
        return RequestError.None;
    }

    // trailer-section = *( field-line CRLF )
    private RequestError StepTrailer(byte value, in RequestLimits limits)
    {
        switch (_state)
        {
            case State.TrailerStart when value == (byte)'\r':
                _state = State.EndLineFeed;
                return RequestError.None;
            case State.TrailerStart when HttpCharacters.Token.Contains(value):
                _state = State.TrailerName;
                Trailers.Append(value);
                return ++_trailerCount > limits.MaxRequestHeaderCount ? RequestError.TrailersTooLarge : RequestError.None;
            case State.TrailerName when HttpCharacters.Token.Contains(value):
                Trailers.Append(value);
                return RequestError.None;
            case State.TrailerName when value == (byte)':':
                _state = State.TrailerValue;
                Trailers.EndName();
                return RequestError.None;
            case State.TrailerValue when IsText(value):
                Trailers.Append(value);
                return RequestError.None;
            case State.TrailerValue when value == (byte)'\r':
                _state = State.TrailerLineFeed;
                Trailers.EndLine();
                return RequestError.None;
            case State.TrailerLineFeed:
                return Expect(value, (byte)'\n', State.TrailerStart, RequestError.BareCarriageReturn);
            default:
                return RequestError.BadTrailer;
        }
    }

    // HTAB / SP / VCHAR / obs-text
    private static bool IsText(byte value) => !HttpCharacters.NotFieldValue.Contains(value);
}
