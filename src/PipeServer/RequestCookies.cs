using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// The cookies of a request (RFC 6265 §5.4), looked up in its Cookie fields each time; nothing is kept. Names are compared exactly. Of several cookies of one
/// name the first counts, which is the one with the most specific path. Pairs without a name that is a token are passed over.
/// </summary>
/// <remarks>
/// Values are as the client sends them, without the quotes around all of a value: nothing is percent-decoded, and in strings bytes from 0x80 on are Latin-1
/// characters, as in <see cref="HeaderCollection"/>. A look-up goes through the fields once, whose length <see
/// cref="HttpServerOptions.MaxRequestHeadBytes"/> limits.
/// </remarks>
public sealed class RequestCookies : IEnumerable<KeyValuePair<string, string>>
{
    private readonly HeaderFields _fields;

    internal RequestCookies(HeaderFields fields) => _fields = fields;

    /// <summary>The value of a cookie, null where the client has sent none of this name.</summary>
    public string? this[string name] => TryGetValue(name, out var value) ? value : null;

    private static ReadOnlySpan<byte> FieldName => "cookie"u8;

    /// <summary>The value of a cookie.</summary>
    public bool TryGetValue(string name, [NotNullWhen(true)] out string? value)
    {
        ArgumentNullException.ThrowIfNull(name);

        // A name beyond ASCII is not a token, so no cookie here has it.
        Span<byte> bytes = name.Length <= 128 ? stackalloc byte[128] : new byte[name.Length];
        value = Ascii.IsValid(name) && TryGetBytes(bytes[..Encoding.ASCII.GetBytes(name, bytes)], out var found) ? Encoding.Latin1.GetString(found) : null;
        return value is not null;
    }

    /// <summary>The bytes of a cookie's value, valid until the handler has ended. For handlers that must not allocate.</summary>
    public bool TryGetBytes(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        for (var index = _fields.IndexOf(FieldName); index >= 0; index = _fields.IndexOf(FieldName, index + 1))
        {
            var pairs = new CookiePairs(_fields.Value(index));
            while (pairs.MoveNext())
            {
                if (pairs.Name.SequenceEqual(name))
                {
                    value = pairs.Value;
                    return true;
                }
            }
        }

        value = default;
        return false;
    }

    /// <summary>All cookies in their order, those of one name included.</summary>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
    {
        var cookies = new List<KeyValuePair<string, string>>();
        for (var index = _fields.IndexOf(FieldName); index >= 0; index = _fields.IndexOf(FieldName, index + 1))
        {
            var pairs = new CookiePairs(_fields.Value(index));
            while (pairs.MoveNext())
            {
                cookies.Add(new(Encoding.ASCII.GetString(pairs.Name), Encoding.Latin1.GetString(pairs.Value)));
            }
        }

        return cookies.GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
