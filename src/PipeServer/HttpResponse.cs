using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer;

/// <summary>
/// The answer to one request. Valid until the handler has ended: then the object serves other requests, of other clients too. Not thread-safe.
/// </summary>
/// <remarks>
/// Nothing is sent until <see cref="Body"/> is flushed or the handler ends. A body that is complete by then gets its Content-Length from what was written;
/// one that is flushed before goes out in chunks, or in the <see cref="ContentLength"/> that was set.
/// </remarks>
public sealed class HttpResponse
{
    private readonly ResponseWriter _body;
    private JsonOutput? _json;
    private int _statusCode = 200;
    private ContentTypeLine? _knownType; // of this response, or of one before: a connection's answers are mostly of one type
    private bool _hasKnownType;
    private long? _contentLength;
    private HeaderCollection? _trailers; // made when a handler asks

    internal HttpResponse(ResponseWriter body)
    {
        _body = body;
        Headers = new HeaderCollection(ListedFields, this);
    }

    /// <summary>The status code, 200 unless set. 200 to 999: the informational ones are the server's business.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a final status code.</exception>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public int StatusCode
    {
        get => _statusCode;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 200);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 999);
            ThrowIfStarted();
            _statusCode = value;
        }
    }

    /// <summary>
    /// The words behind the status code (RFC 9112 §4), for HTTP/1.1; null for the registered ones. Later versions of HTTP have none, and ignore it.
    /// </summary>
    /// <exception cref="ArgumentException">It has a control character, one beyond U+00FF, or more than 512 characters.</exception>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public string? ReasonPhrase { get => _body.ReasonPhrase; set => _body.ReasonPhrase = value; }

    /// <summary>The header fields. Name and value are validated when they are set: a response cannot be split.</summary>
    public HeaderCollection Headers { get; }

    /// <summary>The Content-Type header.</summary>
    public string? ContentType
    {
        get => Headers["Content-Type"];
        set
        {
            if (value is null || !TrySetContentType(value))
            {
                Headers["Content-Type"] = value;
            }
        }
    }

    /// <summary>
    /// The body's length in bytes, if it is known before the body is written: the body then goes out as it is written,
    /// without being held back or framed in chunks. A handler that writes more gets an exception; one that writes less has
    /// its connection aborted.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="InvalidOperationException">The response has been started, or the body was begun.</exception>
    public long? ContentLength
    {
        get => _contentLength;
        set
        {
            if (value is { } length)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(value));
            }

            ThrowIfStarted();
            if (value is not null && _body.HasBufferedBytes)
            {
                throw new InvalidOperationException("ContentLength must be set before the body is written.");
            }

            _contentLength = value;
        }
    }

    /// <summary>
    /// The fields that are sent behind the body (RFC 9110 §6.5), in HTTP/1.1 behind its last chunk; they can be set until the handler ends. One that is
    /// set, or announced by <see cref="DeclareTrailer"/>, before the response starts has the body sent in chunks, even if it is complete by then.
    /// </summary>
    /// <remarks>
    /// Setting one throws <see cref="ArgumentException"/> where name or value are wrong, or a field has no meaning behind a body (RFC 9110 §6.5.1: framing,
    /// routing, authentication, caching, format); and <see cref="InvalidOperationException"/> where the handler has decided for a response without any: by
    /// <see cref="ContentLength"/>, the status, an encoded response, an upgrade. HEAD and clients of HTTP/1.0 get none, which is no error.
    /// </remarks>
    public HeaderCollection Trailers => _trailers ??= new HeaderCollection(_body.Exchange.Extras.Trailers, null, trailersOf: _body);

    /// <summary>True when a trailer that is set now reaches the client, as far as the server can say.</summary>
    public bool SupportsTrailers => _body.SupportsTrailers;

    /// <summary>Ends the connection after this response, and says so in its Connection header.</summary>
    public bool CloseConnection { get; set; }

    /// <summary>
    /// The least rate, in bytes a second, at which the client must take the response: one that is slower, once five seconds of waiting for it are over,
    /// is cut off. 0: any. Default: the server's <see cref="HttpServerOptions.MinDataRate"/>. Can be set at any time, and holds from the next
    /// flush on that has to wait; <see cref="HttpServerOptions.ResponseWriteTimeout"/> holds all the same. Of no effect once the handler has ended.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MinDataRate { get => _body.MinDataRate; set => _body.MinDataRate = value; }

    /// <summary>
    /// The body. Flushing it starts the response; awaiting the flush is what keeps a slow client from filling the memory.
    /// </summary>
    public PipeWriter Body => _body;

    /// <summary>True when status and headers are sent or on their way, and cannot be changed any more.</summary>
    public bool HasStarted => _body.HasStarted;

    /// <summary>All fields that were set.</summary>
    internal HeaderFields Fields
    {
        get
        {
            if (TypeLine is { } line)
            {
                _hasKnownType = false;
                ListedFields.Append(ContentTypeLine.Name, line.Encoded, KnownHeader.ContentType);
            }

            return ListedFields;
        }
    }

    /// <summary>The fields but for the one that is in <see cref="TypeLine"/>, which comes behind them.</summary>
    internal HeaderFields ListedFields { get; } = new();

    /// <summary>
    /// The Content-Type, if it was set last and is an ordinary one: it takes its place among the fields when somebody looks at them.
    /// </summary>
    internal ContentTypeLine? TypeLine => _hasKnownType ? _knownType : null;

    /// <summary>Writes text in UTF-8; sets the content type if there is none.</summary>
    public void WriteText(string text, string contentType = "text/plain; charset=utf-8")
    {
        ArgumentNullException.ThrowIfNull(text);
        SetDefaultContentType(contentType);
        Encoding.UTF8.GetBytes(text, _body);
    }

    /// <summary>Writes bytes; sets the content type if there is none.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes, string contentType = "application/octet-stream")
    {
        SetDefaultContentType(contentType);
        _body.WriteBytes(bytes);
    }

    /// <summary>
    /// Writes a value as JSON, by the metadata of a source-generated context; sets the content type <c>application/json</c> if there is none. Nothing is
    /// flushed: for a value that may become large see <see cref="WriteJsonAsync"/>.
    /// </summary>
    /// <remarks>
    /// Where the serializer throws, nothing of the value is left, if the response had not been started and nothing was written before it.
    /// </remarks>
    public void WriteJson<T>(T value, JsonTypeInfo<T> typeInfo) => (_json ??= new JsonOutput()).Write(this, _body, value, typeInfo);

    /// <summary>
    /// The same, and flushes on the way where the value becomes large: no more of it is held in memory than the client is behind. A value that was written
    /// without a flush gets its Content-Length as always.
    /// </summary>
    /// <param name="value">The value. Its properties may be asynchronous sequences.</param>
    /// <param name="typeInfo">The metadata of a source-generated context.</param>
    /// <param name="cancellationToken">Ends the wait for the client.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the client is gone.</exception>
    public ValueTask WriteJsonAsync<T>(T value, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default) =>
        JsonOutput.WriteAsync(this, _body, value, typeInfo, cancellationToken);

    /// <summary>
    /// Starts the response with one that was encoded beforehand, body included; header fields that were set go with it. Nothing
    /// can be written behind it.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The response has been started, or its body was begun, or the one that was encoded has a <see cref="PreparedResponse.Source"/>, which
    /// only <see cref="TrySend"/> can ask.
    /// </exception>
    public void Send(PreparedResponse prepared)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        ThrowIfStarted();
        if (ContentLength is not null || _body.HasBufferedBytes || prepared.Source is not null)
        {
            throw _body.CannotSend(prepared);
        }

        StatusCode = prepared.StatusCode;
        _body.Send(prepared);
    }

    /// <summary>
    /// The same for a response whose body may have to be fetched first, see <see cref="IBodySource"/>. HEAD is answered without that.
    /// </summary>
    /// <returns>False when the body's source does not have it now: nothing is sent, and everything is as it was before.</returns>
    /// <exception cref="InvalidOperationException">The response has been started, or its body was begun.</exception>
    public bool TrySend(PreparedResponse prepared)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (prepared.Source is not null)
        {
            return _body.TrySendFrom(prepared.Source, prepared);
        }

        Send(prepared);
        return true;
    }

    /// <summary>
    /// Sends a part of a file as the next bytes of the body, where the transport can without taking them through the process's
    /// memory. Flushes. A slow client holds up the returned task, and neither a thread nor memory.
    /// </summary>
    /// <remarks>Reads the file on the calling thread, later on the thread pool: it may block, so call it on a worker.</remarks>
    /// <param name="file">An open, regular file; stays the caller's.</param>
    /// <param name="offset">Where the part starts, in bytes.</param>
    /// <param name="count">How many bytes it has.</param>
    /// <param name="cancellationToken">Ends the wait for the client.</param>
    /// <returns>How many bytes were sent: fewer than asked for when the file has ended before, or the client is gone.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative offset or count.</exception>
    /// <exception cref="InvalidOperationException">More than <see cref="ContentLength"/>, or the body was completed.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return _body.SendFileAsync(file, offset, count, cancellationToken);
    }

    /// <summary>
    /// Forgets status, headers, trailers and body, while nothing has been sent; not the callbacks of <see cref="OnStarting"/>, <see cref="OnCompleted"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public void Clear()
    {
        ThrowIfStarted();
        _body.Exchange.RestartResponse();
    }

    /// <summary>Announces a trailer in the Trailer field (RFC 9110 §6.6.2), and has the body sent in a way that has a place for it.</summary>
    /// <inheritdoc cref="Trailers" path="/remarks"/>
    /// <exception cref="InvalidOperationException">The response has been started, or has no trailers.</exception>
    public void DeclareTrailer(string name)
    {
        ThrowIfStarted();
        _body.DeclareTrailer(name);
    }

    /// <summary>
    /// Ends the response before the handler does, and sends it: the client has all of it while the handler goes on. Nothing more can be written, and no trailer
    /// be set. Over HTTP/1.0 a body without <see cref="ContentLength"/> that was flushed before ends with the connection all the same (RFC 9112 §6.3).
    /// </summary>
    /// <remarks>Does nothing where it was called before, the client is gone, or the connection is taken over. A fault of the handler still ends both.</remarks>
    /// <exception cref="InvalidOperationException">Other than <see cref="ContentLength"/> bytes were written, or the status has no body.</exception>
    public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => _body.EndAsync(cancellationToken);

    /// <summary>
    /// Registers what is called once, just before status and headers go out, whatever makes them go out: it may still change them, and wait. The one that
    /// was registered last is called first.
    /// </summary>
    /// <remarks>
    /// Until then all that is written is held back, with <see cref="ContentLength"/> too, until the body is flushed or the handler ends. It is called for
    /// the server's own answer after a handler that has failed, but not for a client that has left. It may block where the handler may. If it throws, the
    /// request is answered as if the handler had thrown, and those that are left are not called.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public void OnStarting(Func<object?, ValueTask> callback, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ThrowIfStarted();
        _body.Exchange.Extras.Hooks.OnStarting(callback, state);
    }

    /// <summary>
    /// Registers what is called once, after the last byte of the response was handed to the system, or the client has gone, or was cut off; before the
    /// connection's next request. The one that was registered last is called first. Exceptions are logged and change nothing.
    /// </summary>
    /// <remarks>Request and response can still be looked at. It may block where the handler may. The response is flushed at once for it.</remarks>
    public void OnCompleted(Func<object?, ValueTask> callback, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _body.Exchange.Extras.Hooks.OnCompleted(callback, state);
    }

    /// <summary>
    /// True when the client has offered to go on in another protocol on this connection (RFC 9110 §7.8), so that <see cref="UpgradeAsync"/> can take
    /// that up: a request by HTTP/1.1 with the connection option <c>upgrade</c> and an Upgrade field.
    /// </summary>
    public bool CanUpgrade => _body.CanUpgrade;

    /// <summary>
    /// Takes the connection over for good, to speak another protocol on it (RFC 9110 §7.8): answers 101, which <see cref="StatusCode"/> says from then
    /// on. Set the Upgrade field before, to a protocol that the client has offered, and read the request's body to its end, if it has one.
    /// </summary>
    /// <remarks>
    /// The connection ends when the handler does: what is written is flushed and the output half-closed, and the pipe throws, or says that nobody reads. To
    /// complete one of its ends before only ends the use of that end. A read has no time-out, is completed when the client has half-closed, and throws
    /// <see cref="IOException"/> when the connection is cut; a flush has the time-outs of responses. Each end belongs to one caller at a time. In a stop it is
    /// cut off when the grace period ends: see <see cref="HttpRequest.Draining"/>.
    /// </remarks>
    /// <returns>The bytes behind the request's head, and the way to the client.</returns>
    /// <exception cref="InvalidOperationException">
    /// The client has not offered that (<see cref="CanUpgrade"/>), the Upgrade field is missing or names what was not offered, the response has been
    /// started, or the request's body is not read to its end.
    /// </exception>
    public ValueTask<IDuplexPipe> UpgradeAsync() => _body.UpgradeAsync();

    /// <summary>See <see cref="ResponseWriter.SwitchAsync"/>.</summary>
    internal ValueTask<IDuplexPipe> SwitchAsync(int statusCode) => _body.SwitchAsync(statusCode);

    /// <summary>Sets the status to whatever one is sent.</summary>
    internal void SetStatus(int statusCode) => _statusCode = statusCode;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Reset()
    {
        _body.Reset();
        ListedFields.Clear();
        _hasKnownType = false;
        _statusCode = 200;
        _contentLength = null;
        CloseConnection = false;
    }

    /// <summary>Forgets the fields, and gives back what they have needed; between two requests.</summary>
    internal void Release()
    {
        _hasKnownType = false;
        if (ListedFields.HasArrays)
        {
            ListedFields.Clear();
            ListedFields.Release();
        }
    }

    /// <summary>Sets the Content-Type in place of all that were set, if its line is known.</summary>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    internal bool TrySetContentType(string value)
    {
        if (!ReferenceEquals(_knownType?.Value, value))
        {
            if (ContentTypeLines.Find(value) is not { } line)
            {
                return false;
            }

            ThrowIfStarted();
            _knownType = line;
        }
        else
        {
            ThrowIfStarted();
        }

        if (ListedFields.Has(KnownHeader.ContentType))
        {
            ListedFields.Remove(ContentTypeLine.Name);
        }

        _hasKnownType = true;
        return true;
    }

    internal void ThrowIfStarted()
    {
        if (_body.HasStarted)
        {
            throw new InvalidOperationException("The response has been started: its status and headers are on their way and cannot be changed.");
        }
    }

    internal void SetDefaultContentType(string contentType)
    {
        if (TypeLine is null && !HasStarted && !ListedFields.Has(KnownHeader.ContentType))
        {
            ContentType = contentType;
        }
    }
}
