using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace PipeServer.AspNetCore;

/// <summary>
/// The request's fields over the bytes of its head: strings are made of those that somebody asks for. An application may change its copy, as behind Kestrel.
/// </summary>
internal sealed class RequestHeaders : HeaderStore
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReusedText[] _valueTexts = new ReusedText[16]; // by the field's place
    private ReusedText _hostText;
    private HttpRequest? _request;
    private bool _isLoaded; // all fields are here

    public override bool IsReadOnly => false;

    /// <summary>Begins a request.</summary>
    public void Begin(HttpRequest request)
    {
        Forget();
        (_request, _isLoaded) = (request, false);
        StoredLength = request.ContentLength ?? LengthOfNothing(request.Headers);
    }

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        Forget();
        (_request, _isLoaded) = (null, true);
    }

    public override bool TryGetValue(string key, out StringValues value)
    {
        if (base.TryGetValue(key, out value))
        {
            return true;
        }

        if (_isLoaded || IsContentLength(key) || !TryFind(key, out value))
        {
            return false;
        }

        Append(Spelling(key), value);
        return true;
    }

    protected override void Load()
    {
        if (_isLoaded)
        {
            return;
        }

        _isLoaded = true;
        var headers = _request!.Headers;
        for (var index = 0; index < headers.Count; index++)
        {
            var name = HeaderNameTable.Get(headers.NameBytes(index));
            if (!IsContentLength(name) && !TryGetStored(name, out _))
            {
                TryFind(name, out var value);
                Append(name, value);
            }
        }

        if (!TryGetStored(HeaderNames.Host, out _) && _request.HostBytes.Length > 0)
        {
            Append(HeaderNames.Host, _hostText.Get(_request.HostBytes));
        }
    }

    protected override void BeforeChange()
    {
    }

    protected override void Check(string key, in StringValues value)
    {
    }

    private bool TryFind(string key, out StringValues value)
    {
        value = StringValues.Empty;
        if (IsHost(key))
        {
            // Of an absolute target its authority, of HTTP/2 what :authority says.
            var host = _hostText.Get(_request!.HostBytes);
            value = host.Length > 0 || _request.Headers.Contains(HeaderNames.Host) ? host : value;
            return value.Count > 0;
        }

        var headers = _request!.Headers;
        if (!MayHave(headers, key))
        {
            return false;
        }

        for (var index = 0; index < headers.Count; index++)
        {
            var name = headers.NameBytes(index);
            if (name.Length == key.Length && Ascii.EqualsIgnoreCase(name, key))
            {
                value = StringValues.Concat(value, ValueText(headers.ValueBytes(index), index));
            }
        }

        if (value.Count > 1 && _request.Version.Major == 2 && key.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
        {
            value = string.Join("; ", value.ToArray()); // RFC 9113 §8.2.3
        }

        return value.Count > 0;
    }

    // A length of 0 is no body to the server, and a field to the application.
    private static long? LengthOfNothing(HeaderCollection headers) =>
        MayHave(headers, HeaderNames.ContentLength) && headers.TryGetBytes("Content-Length"u8, out var value) && value.SequenceEqual("0"u8) ? 0 : null;

    private static bool MayHave(HeaderCollection headers, string name) => (headers.NameLengths & (1u << (name.Length % 32))) != 0;

    // The name as a list of all fields has it, whoever has asked for it before.
    private string Spelling(string key)
    {
        var headers = _request!.Headers;
        for (var index = 0; index < headers.Count; index++)
        {
            var name = headers.NameBytes(index);
            if (name.Length == key.Length && Ascii.EqualsIgnoreCase(name, key))
            {
                return Ascii.Equals(name, key) ? key : HeaderNameTable.Get(name);
            }
        }

        return key;
    }

    private static bool IsHost(string key) => key.Length == 4 && key.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase);

    private string ValueText(ReadOnlySpan<byte> bytes, int index)
    {
        if (index >= _valueTexts.Length)
        {
            return Text(bytes);
        }

        ref var place = ref _valueTexts[index];
        return place.TryGet(bytes, out var text) ? text : place.Keep(Text(bytes));
    }

    // UTF-8 as behind Kestrel; bytes that are none are Latin-1.
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }
}
