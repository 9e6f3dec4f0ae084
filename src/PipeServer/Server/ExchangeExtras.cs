using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// What few requests need, made for the first of an exchange that does. An exchange that has never needed it pays one test for each request.
/// </summary>
/// <remarks>Belongs to the <see cref="Exchange"/>, and is forgotten with its request. Not thread-safe.</remarks>
internal sealed class ExchangeExtras
{
    private ResponseHooks? _hooks; // of this request, or of one before
    private HeaderFields? _trailers; // the same

    /// <inheritdoc cref="HttpRequest.Items"/>
    public Dictionary<object, object?>? Items { get; set; }

    /// <summary>What is spoken on the connection that the handler has taken over; null for what is none of the server's business.</summary>
    public ISwitchedProtocol? Switched { get; set; }

    /// <summary>What the body may have at most, in bytes, in place of <see cref="ConnectionRules.MaxRequestBodyBytes"/>; null where that holds.</summary>
    public long? MaxBodyBytes { get; set; }

    /// <summary>The least rate of the request's body in place of <see cref="ConnectionRules.MinDataRate"/>; null where that holds.</summary>
    public int? MinBodyDataRate { get; set; }

    /// <summary>The same of the response.</summary>
    public int? MinResponseDataRate { get; set; }

    /// <summary>What the handler wants to be called for. Asking for it makes it.</summary>
    public ResponseHooks Hooks => _hooks ??= new ResponseHooks();

    /// <summary>The same where there is any left, else null.</summary>
    public ResponseHooks? WaitingHooks => _hooks is { IsEmpty: false } ? _hooks : null;

    /// <summary>The response must not start before the callbacks that wait for that have ended.</summary>
    public bool IsStartDue => _hooks is { IsStartDue: true };

    /// <summary>The head is not written as it would be: later, or with another phrase.</summary>
    public bool ChangesStart => IsStartDue || ReasonPhrase is not null;

    /// <inheritdoc cref="HttpResponse.ReasonPhrase"/>
    public string? ReasonPhrase { get; set; }

    /// <summary>The encoded response that goes out when it may start.</summary>
    public PreparedAnswer? Prepared { get; set; }

    /// <summary>The fields behind the response's body. Asking for them makes them.</summary>
    public HeaderFields Trailers => _trailers ??= new HeaderFields();

    /// <summary>The handler has announced trailers, or set one: the body is to be framed so that they have a place behind it.</summary>
    public bool HasTrailers { get; set; }

    /// <summary>The response has been sent to its end.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Forgets what belongs to the response, but for the callbacks, which wait for whatever is sent instead.</summary>
    public void ForgetResponse()
    {
        ReasonPhrase = null;
        Prepared = null;
        if (HasTrailers)
        {
            HasTrailers = false;
            _trailers?.Clear();
        }
    }

    /// <summary>Forgets what the last request has left here.</summary>
    public void Reset()
    {
        Items = null;
        MaxBodyBytes = null;
        MinBodyDataRate = MinResponseDataRate = null;
        HasEnded = false;
        _hooks?.Clear();
        ForgetResponse();
        _trailers?.Release();
        Switched = null;
    }
}
