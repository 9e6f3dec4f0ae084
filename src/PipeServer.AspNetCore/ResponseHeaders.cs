using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace PipeServer.AspNetCore;

/// <summary>The response's fields, until it starts: then they go to the server, and are read-only.</summary>
internal sealed class ResponseHeaders : HeaderStore
{
    private const string ReadOnly = "Headers are read-only, response has already started.";

    private bool _isReadOnly;

    public override bool IsReadOnly => _isReadOnly;

    /// <summary>Begins a response.</summary>
    public void Reset()
    {
        Forget();
        _isReadOnly = false;
    }

    /// <summary>Writes the fields into the server's response; from then on they cannot be changed.</summary>
    /// <param name="response">The server's response.</param>
    /// <param name="isUpgrade">The response is the last one of its connection, and has no body.</param>
    /// <param name="hasLength">The response may have a Content-Length.</param>
    /// <param name="wholeBytes">How long the whole body is, where it is complete: the server writes a length that is the same by itself.</param>
    public void CopyTo(HttpResponse response, bool isUpgrade = false, bool hasLength = true, long? wholeBytes = null)
    {
        foreach (var (name, value) in Fields)
        {
            if (!TryPutApart(response, name, value, isUpgrade))
            {
                for (var index = 0; index < value.Count; index++)
                {
                    if (value[index] is { } text)
                    {
                        response.Headers.Add(name, text);
                    }
                }
            }
        }

        if (StoredLength is { } length && hasLength && (length != wholeBytes || TryGetStored(HeaderNames.Trailer, out _)))
        {
            response.ContentLength = length;
        }

        _isReadOnly = true;
    }

    protected override void BeforeChange()
    {
        if (_isReadOnly)
        {
            throw new InvalidOperationException(ReadOnly);
        }
    }

    protected override void Check(string key, in StringValues value) => FieldRules.Check(key, value);

    // What the server decides on itself, and what it has a faster way for. An application's Transfer-Encoding says no more than that it has no length.
    private static bool TryPutApart(HttpResponse response, string name, in StringValues value, bool isUpgrade)
    {
        switch (name.Length)
        {
            case 4 when name.Equals(HeaderNames.Date, StringComparison.OrdinalIgnoreCase):
            case 17 when name.Equals(HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase):
                return true;
            case 12 when value.Count == 1 && name.Equals(HeaderNames.ContentType, StringComparison.OrdinalIgnoreCase):
                response.ContentType = value[0];
                return true;
            case 10 when name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase):
                response.CloseConnection |= !isUpgrade && FieldRules.HasToken(value, "close");
                return true;
            case 7 when name.Equals(HeaderNames.Trailer, StringComparison.OrdinalIgnoreCase):
                if (response.SupportsTrailers)
                {
                    foreach (var trailer in FieldRules.Tokens(value))
                    {
                        response.DeclareTrailer(trailer);
                    }
                }

                return true;
            default:
                return false;
        }
    }
}
