using System.Buffers;
using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer;

/// <summary>
/// The header fields of a request (read-only) or a response, or the trailer fields of one of them. Names are compared in any case; strings are made only when
/// asked for.
/// </summary>
/// <remarks>
/// Bytes from 0x80 on in values are Latin-1 characters in strings, in both directions (RFC 9110 §5.5 leaves their meaning
/// open), so that no byte is lost. The length of a response's body is set with <see cref="HttpResponse.ContentLength"/> or
/// here; <c>Transfer-Encoding</c> and <c>Date</c> are the server's own and cannot be set.
/// </remarks>
public sealed class HeaderCollection : IReadOnlyCollection<KeyValuePair<string, string>>
{
    private const string NameError = "A header name must be a token: letters, digits and !#$%&'*+-.^_`|~ only.";

    // In this spelling: another one is sent as the handler writes it.
    private const string ContentTypeName = "Content-Type";

    // Enough for nearly every header; longer ones take the heap.
    private const int StackBytes = 256;

    private readonly HeaderFields _fields;
    private readonly HttpResponse? _response; // null for the headers of a request, which are read-only

    private readonly ResponseWriter? _trailersOf; // the response of which these are the trailers

    internal HeaderCollection(HeaderFields fields, HttpResponse? response, ResponseWriter? trailersOf = null)
    {
        _fields = fields;
        _response = response;
        _trailersOf = trailersOf;
    }

    /// <summary>How many field lines there are.</summary>
    public int Count => Fields.Count;

    /// <summary>
    /// The value of a field; of several lines of one name, their values joined with commas (RFC 9110 §5.3), and those of Cookie with
    /// semicolons (RFC 9113 §8.2.3); null when there is none. Setting replaces all lines of the name, setting null removes them.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The name is not a token, or the value holds a control character or one that a header cannot carry.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The headers belong to a request or have been sent already, or only the server may set the field.
    /// </exception>
    public string? this[string name]
    {
        get => TryGetValue(name, out var value) ? value : null;
        set
        {
            if (value is null)
            {
                Remove(name);
            }
            else
            {
                Set(name, value, replace: true);
            }
        }
    }

    /// <summary>Adds a field line, keeping those of the same name: for Set-Cookie and its like.</summary>
    /// <inheritdoc cref="this[string]" path="/exception"/>
    public void Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Set(name, value, replace: false);
    }

    /// <summary>Removes all lines of a name; false when there was none.</summary>
    /// <exception cref="InvalidOperationException">The headers belong to a request, or have been sent already.</exception>
    public bool Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_trailersOf is not null)
        {
            _trailersOf.ThrowIfTrailersEnded();
            return Ascii.IsValid(name) && _fields.Remove(Encoding.ASCII.GetBytes(name));
        }

        var response = WritableResponse();
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            var had = response.ContentLength is not null;
            response.ContentLength = null;
            return had;
        }

        return Ascii.IsValid(name) && Fields.Remove(Encoding.ASCII.GetBytes(name));
    }

    /// <summary>True when there is a field of this name.</summary>
    public bool Contains(string name) => IndexOf(name) >= 0;

    /// <summary>The value of a field, several lines joined as the indexer does it.</summary>
    public bool TryGetValue(string name, [NotNullWhen(true)] out string? value)
    {
        var index = IndexOf(name);
        if (index < 0)
        {
            value = null;
            return false;
        }

        value = Encoding.Latin1.GetString(Fields.Value(index));
        var nameBytes = Fields.Name(index);
        for (index = Fields.IndexOf(nameBytes, index + 1); index >= 0; index = Fields.IndexOf(nameBytes, index + 1))
        {
            value += (Ascii.EqualsIgnoreCase(nameBytes, "cookie"u8) ? "; " : ", ") + Encoding.Latin1.GetString(Fields.Value(index));
        }

        return true;
    }

    /// <summary>
    /// The bytes of a field's first line, valid until the handler returns. For handlers that must not allocate.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGetBytes(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var fields = Fields;
        if (fields.MayHave(name.Length))
        {
            return fields.TryGetValue(name, out value);
        }

        value = default;
        return false;
    }

    /// <summary>How many field lines have this name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountOf(ReadOnlySpan<byte> name)
    {
        var fields = Fields;
        return fields.MayHave(name.Length) ? fields.CountOf(name) : 0;
    }

    /// <summary>The name of a field line as it was sent or set, by its place among the <see cref="Count"/> lines: to go over all without strings.</summary>
    /// <remarks>
    /// Valid until the handler has ended, as all bytes here; of a response until a field is set or removed, which may give others another place.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public ReadOnlySpan<byte> NameBytes(int index) => FieldsWith(index).Name(index);

    /// <summary>The value of a field line in the same way, without white space around it.</summary>
    /// <inheritdoc cref="NameBytes" path="/remarks"/>
    /// <inheritdoc cref="NameBytes" path="/exception"/>
    public ReadOnlySpan<byte> ValueBytes(int index) => FieldsWith(index).Value(index);

    /// <summary>
    /// Which lengths the names have: bit n is set where a field's name is n characters long, modulo 32. Whoever looks for many names finds by
    /// it that most of them are not here: <c>(NameLengths &amp; (1u &lt;&lt; (name.Length % 32))) == 0</c>.
    /// </summary>
    public uint NameLengths => Fields.NameLengths;

    /// <summary>Sets a response field from bytes, for handlers that must not allocate.</summary>
    /// <inheritdoc cref="this[string]" path="/exception"/>
    public void SetBytes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Set(name, value, replace: true);

    /// <summary>Adds a response field from bytes, keeping those of the same name; for handlers that must not allocate.</summary>
    /// <inheritdoc cref="this[string]" path="/exception"/>
    public void AddBytes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Set(name, value, replace: false);

    /// <summary>Adds response fields that were validated and encoded beforehand, keeping those of the same names. Nothing is allocated.</summary>
    /// <exception cref="InvalidOperationException">The headers belong to a request, are trailers, or have been sent already.</exception>
    public void AddLines(HeaderLines lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var response = WritableResponse();

        // Without a look at a known Content-Type, which keeps its place behind all others: so an answer with such lines goes out in one piece.
        (lines.HasContentType ? response.Fields : response.ListedFields).AppendLines(lines.Bytes, lines.Fields);
    }

    /// <summary>The field lines in their order.</summary>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
    {
        for (var index = 0; index < Fields.Count; index++)
        {
            yield return new KeyValuePair<string, string>(
                Encoding.Latin1.GetString(Fields.Name(index)), Encoding.Latin1.GetString(Fields.Value(index)));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private HeaderFields Fields => _response is null ? _fields : _response.Fields;

    private HeaderFields FieldsWith(int index)
    {
        var fields = Fields;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)fields.Count, nameof(index));
        return fields;
    }

    private int IndexOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Fields.MayHave(name.Length))
        {
            return -1;
        }

        Span<byte> bytes = stackalloc byte[StackBytes];
        if (name.Length > bytes.Length)
        {
            bytes = new byte[name.Length];
        }

        // A name beyond ASCII is not a token, so no field here has it.
        return Ascii.FromUtf16(name, bytes, out var length) == OperationStatus.Done ? Fields.IndexOf(bytes[..length]) : -1;
    }

    /// <summary>Checks a field that is to be encoded outside of a collection.</summary>
    /// <returns>The field's meaning to the server. Of the fields that the server sets itself, only Server is allowed.</returns>
    /// <inheritdoc cref="this[string]" path="/exception"/>
    internal static KnownHeader Validate(string name, string value)
    {
        CheckCharacters(name, value);
        var nameBytes = Encoding.ASCII.GetBytes(name);
        CheckSyntax(nameBytes, Encoding.Latin1.GetBytes(value));
        var known = KnownHeaders.Find(nameBytes);
        return known is KnownHeader.ContentLength or KnownHeader.Connection or KnownHeader.TransferEncoding or KnownHeader.Date
            ? throw new InvalidOperationException($"{name} is set by the server for each response.")
            : known;
    }

    private void Set(string name, string value, bool replace)
    {
        ArgumentNullException.ThrowIfNull(name);
        var isType = replace && name == ContentTypeName;
        if (isType && _response is { } response && response.TrySetContentType(value))
        {
            return; // it was checked when it was set for the first time
        }

        CheckCharacters(name, value);
        var length = name.Length + value.Length;
        var bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        Encoding.Latin1.GetBytes(name, bytes);
        Encoding.Latin1.GetBytes(value, bytes[name.Length..]);
        Set(bytes[..name.Length], bytes[name.Length..length], replace);
        if (isType)
        {
            ContentTypeLines.Offer(value, HttpCharacters.TrimOws(bytes[name.Length..length]));
        }
    }

    private static void CheckCharacters(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (value.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF'))
        {
            throw new ArgumentException(
                $"The value of the header {name} holds a character beyond U+00FF, which a header cannot carry. Encode it first.",
                nameof(value));
        }

        if (!Ascii.IsValid(name))
        {
            // Checked before it is encoded: the Latin-1 encoder would turn \u0100 into a plain A.
            throw new ArgumentException(NameError, nameof(name));
        }
    }

    private static void CheckSyntax(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!HttpCharacters.IsToken(name))
        {
            throw new ArgumentException(NameError, nameof(name));
        }

        if (value.ContainsAny(HttpCharacters.NotFieldValue))
        {
            throw new ArgumentException(
                $"The value of the header {Encoding.ASCII.GetString(name)} holds a control character such as CR, LF or NUL.",
                nameof(value));
        }
    }

    private void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool replace)
    {
        if (_response is not { } response)
        {
            SetTrailer(name, value, replace);
            return;
        }

        response.ThrowIfStarted();
        CheckSyntax(name, value);
        value = HttpCharacters.TrimOws(value);
        var known = KnownHeaders.Find(name);
        switch (known)
        {
            case KnownHeader.ContentLength:
                SetContentLength(response, value);
                return;
            case KnownHeader.Connection:
                SetConnection(response, value);
                return;
            case KnownHeader.TransferEncoding or KnownHeader.Date:
                throw new InvalidOperationException(
                    $"{Encoding.ASCII.GetString(name)} is set by the server. Write the body; its framing follows from what you write.");
            default:
                break;
        }

        var fields = Fields;
        if (replace && fields.Count > 0)
        {
            fields.Remove(name);
        }

        fields.Append(name, value, known);
    }

    private void SetTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool replace)
    {
        if (_trailersOf is null)
        {
            throw CannotChange();
        }

        CheckSyntax(name, value);
        value = HttpCharacters.TrimOws(value);
        _trailersOf.BeginTrailer(name);
        if (replace)
        {
            _fields.Remove(name);
        }

        _fields.Append(name, value, KnownHeader.Other);
    }

    private InvalidOperationException CannotChange() => new(
        _trailersOf is null ? "The headers of a request cannot be changed." : "Trailers are set one by one.");

    private HttpResponse WritableResponse()
    {
        if (_response is null)
        {
            throw CannotChange();
        }

        _response.ThrowIfStarted();
        return _response;
    }

    private static void SetContentLength(HttpResponse response, ReadOnlySpan<byte> value)
    {
        if (response.ContentLength is not null)
        {
            throw new InvalidOperationException(
                "The response has a Content-Length already; a second one cannot be set. Change HttpResponse.ContentLength instead.");
        }

        if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9') || !long.TryParse(value, CultureInfo.InvariantCulture, out var length))
        {
            throw new ArgumentException("Content-Length must be a decimal number.", nameof(value));
        }

        response.ContentLength = length;
    }

    private static void SetConnection(HttpResponse response, ReadOnlySpan<byte> value)
    {
        if (!Ascii.EqualsIgnoreCase(value, "close"u8))
        {
            throw new InvalidOperationException(
                "Of the Connection header only the value close can be set; the rest is the server's.");
        }

        response.CloseConnection = true;
    }
}
