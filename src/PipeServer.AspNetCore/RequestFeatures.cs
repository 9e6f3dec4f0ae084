using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>What the features tell of the request. Strings are made when they are asked for.</summary>
#pragma warning disable CA1001 // The streams hold nothing that could be disposed of.
internal abstract class RequestFeatures : FeatureSlots,
    IHttpRequestFeature, IHttpRequestBodyDetectionFeature, IRequestBodyPipeFeature, IHttpMaxRequestBodySizeFeature, IHttpRequestTrailersFeature,
    IHttpRequestLifetimeFeature, IHttpBodyControlFeature
#pragma warning restore CA1001
{
    private static readonly StreamPipeReaderOptions LeaveOpen = new(leaveOpen: true);

    private readonly Lock _lifeLock = new(); // who aborts may be late: the request is another client's then
    private readonly RequestHeaders _headers = new();
    private readonly RequestBodyReader _reader;
    private readonly RequestBodyStream _stream;
    private readonly TrailerStore _trailers = new();
    private HttpRequest? _request;
    private bool _hasTrailers;
    private ReusedText _pathText;
    private ReusedText _queryText;
    private ReusedText _targetText;
    private string? _method;
    private string? _path;
    private string? _queryString;
    private string? _rawTarget;
    private string? _protocol;
    private string? _scheme;
    private IHeaderDictionary? _otherHeaders;
    private Stream? _otherBody;
    private PipeReader? _otherReader;
    private Stream? _otherReaderOf;
    private CancellationToken? _aborted;

    protected RequestFeatures()
    {
        _reader = new RequestBodyReader(this);
        _stream = new RequestBodyStream(this, _reader);
    }

    public bool AllowSynchronousIO { get; set; }

    string IHttpRequestFeature.Protocol
    {
        get => _protocol ??= Request.Version is { Major: 2 } ? HttpProtocol.Http2 : Request.MinorVersion == 0 ? HttpProtocol.Http10 : HttpProtocol.Http11;
        set => _protocol = value;
    }

    string IHttpRequestFeature.Scheme { get => _scheme ??= Request.Scheme; set => _scheme = value; }

    string IHttpRequestFeature.Method { get => _method ??= Request.Method; set => _method = value; }

    string IHttpRequestFeature.PathBase { get; set; } = "";

    string IHttpRequestFeature.Path
    {
        get => _path ??= _pathText.TryGet(Request.PathBytes, out var text) ? text : _pathText.Keep(TargetPath.Of(Request));
        set => _path = value;
    }

    string IHttpRequestFeature.QueryString
    {
        get => _queryString ??= !Request.QueryBytes.IsEmpty ? QueryText() : Request.TargetBytes is [.., (byte)'?'] ? "?" : "";
        set => _queryString = value;
    }

    string IHttpRequestFeature.RawTarget { get => _rawTarget ??= _targetText.Get(Request.TargetBytes); set => _rawTarget = value; }

    IHeaderDictionary IHttpRequestFeature.Headers { get => _otherHeaders ?? _headers; set => _otherHeaders = value; }

    Stream IHttpRequestFeature.Body { get => _otherBody ?? _stream; set => _otherBody = value; }

    public bool CanHaveBody { get; private set; }

    PipeReader IRequestBodyPipeFeature.Reader => _otherBody is null ? _reader : ReaderOf(_otherBody);

    bool IHttpMaxRequestBodySizeFeature.IsReadOnly => _reader.HasBegun;

    long? IHttpMaxRequestBodySizeFeature.MaxRequestBodySize
    {
        get => Request.MaxBodyBytes;
        set
        {
            if (_reader.HasBegun)
            {
                throw new InvalidOperationException(
                    "The maximum request body size cannot be modified after the app has already started reading from the request body.");
            }

            Request.MaxBodyBytes = value;
        }
    }

    bool IHttpRequestTrailersFeature.Available => Request.AreTrailersAvailable;

    IHeaderDictionary IHttpRequestTrailersFeature.Trailers
    {
        get
        {
            if (!_hasTrailers)
            {
                if (!Request.AreTrailersAvailable)
                {
                    throw new InvalidOperationException(
                        "The request trailers are not available yet. They may not be available until the full request body is read.");
                }

                _trailers.Fill(Request.Trailers);
                _hasTrailers = true;
            }

            return _trailers;
        }
    }

    // As at Kestrel also when the client has only ended its own side: most have left then, and a handler that writes nothing would never hear of it.
    CancellationToken IHttpRequestLifetimeFeature.RequestAborted { get => _aborted ?? Request.HalfClosed; set => _aborted = value; }

    /// <summary>The request that is being answered.</summary>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    internal HttpRequest Request => _request ?? throw new ObjectDisposedException(nameof(IFeatureCollection), "The request has ended.");

    /// <summary>The application has flushed what is not sent yet: see <see cref="DeferredFlush"/>.</summary>
    protected internal abstract bool IsFlushOwed { get; }

    /// <summary>Sends it, as the application is about to wait for its client.</summary>
    protected internal abstract void SendOwedFlush();

    /// <summary>The application has learnt that the body cannot be read to its end.</summary>
    protected bool HasBodyFailed => _reader.HasFailed;

    protected bool IsHttp2 => Request.Version == HttpVersion.Version20;

    void IHttpRequestLifetimeFeature.Abort() => AbortRequest();

    /// <summary>Ends the request without the rest of its answer, behind what was flushed. From any thread, also when it has ended.</summary>
    /// <param name="errorCode">What the client is told over HTTP/2; null for CANCEL.</param>
    protected void AbortRequest(int? errorCode = null)
    {
        SendOwedFlush();
        lock (_lifeLock)
        {
            if (errorCode is { } code)
            {
                _request?.Abort(unchecked((uint)code));
            }
            else
            {
                _request?.Abort();
            }
        }
    }

    // The question mark stands before it in the head.
    private string QueryText()
    {
        var target = Request.TargetBytes;
        var query = target[^(Request.QueryBytes.Length + 1)..];
        return query[0] == '?' ? _queryText.Get(query) : "?" + Request.QueryString;
    }

    // What the application has put in the body's place can be read by the pipe too.
    private PipeReader ReaderOf(Stream body)
    {
        if (_otherReader is null || _otherReaderOf != body)
        {
            _otherReader?.Complete();
            (_otherReader, _otherReaderOf) = (PipeReader.Create(body, LeaveOpen), body);
        }

        return _otherReader;
    }

    /// <summary>Begins a request.</summary>
    protected void BeginRequest(HttpRequest request)
    {
        ForgetRequest();
        lock (_lifeLock)
        {
            _request = request;
        }

        _headers.Begin(request);
        CanHaveBody = _headers.ContentLength is { } length ? length > 0 : !request.AreTrailersAvailable;
        _reader.Begin(request.Body);
    }

    /// <summary>Forgets the request.</summary>
    protected void EndRequest()
    {
        lock (_lifeLock)
        {
            _request = null;
        }

        _headers.End();
        _reader.End();
        ForgetRequest();
    }

    // At the beginning too: somebody may have set something behind the end of the last request.
    private void ForgetRequest()
    {
        _method = _path = _queryString = _rawTarget = _protocol = _scheme = null;
        ((IHttpRequestFeature)this).PathBase = "";
        _otherReader?.Complete();
        (_otherReader, _otherReaderOf) = (null, null);
        (_otherHeaders, _otherBody, _aborted, _hasTrailers) = (null, null, null, false);
    }
}
