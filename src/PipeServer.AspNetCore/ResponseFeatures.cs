using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace PipeServer.AspNetCore;

/// <summary>
/// What the features do with the response. Status and fields stay here until the first flush, or the end of the application: then the callbacks of
/// OnStarting are called, and all goes to the server's response.
/// </summary>
#pragma warning disable CA1001 // The streams hold nothing that could be disposed of.
internal abstract class ResponseFeatures : ConnectionFeatures,
    IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpUpgradeFeature, IHttpResetFeature
#pragma warning restore CA1001
{
    private readonly ResponseHeaders _headers = new();
    private readonly TrailerStore _trailers = new();
    private readonly ResponseBodyWriter _writer;
    private readonly ResponseBodyStream _stream;
    private readonly ResponseFile _file;
    private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
    private HttpResponse? _response;
    private int _statusCode = StatusCodes.Status200OK;
    private string? _reasonPhrase;
    private IHeaderDictionary? _otherTrailers;
    private Stream? _otherBody;
    private bool _isSwitched; // the application has taken the connection over
    private bool _hasEnded; // the application has ended the response before itself

    protected ResponseFeatures(long connectionIdSeed, SmallFiles files)
        : base(connectionIdSeed)
    {
        _writer = new ResponseBodyWriter(this);
        _file = new ResponseFile(this, _writer, files);
        _stream = new ResponseBodyStream(this, _writer);
    }

    int IHttpResponseFeature.StatusCode
    {
        get => _statusCode;
        set
        {
            ThrowIfStarted();
            _statusCode = value;
        }
    }

    string? IHttpResponseFeature.ReasonPhrase
    {
        get => _reasonPhrase;
        set
        {
            ThrowIfStarted();
            _reasonPhrase = value;
        }
    }

    IHeaderDictionary IHttpResponseFeature.Headers
    {
        get => _headers;
        set => throw new NotSupportedException("The response's headers cannot be replaced: set them one by one.");
    }

    Stream IHttpResponseFeature.Body { get => _otherBody ?? _stream; set => _otherBody = value; }

    /// <summary>Status and fields are the server's now, and cannot be changed any more.</summary>
    public bool HasStarted { get; private set; }

    Stream IHttpResponseBodyFeature.Stream => _stream;

    PipeWriter IHttpResponseBodyFeature.Writer => _writer;

    IHeaderDictionary IHttpResponseTrailersFeature.Trailers { get => _otherTrailers ?? _trailers; set => _otherTrailers = value; }

    bool IHttpUpgradeFeature.IsUpgradableRequest => Response.CanUpgrade;

    /// <summary>The server's response.</summary>
    /// <exception cref="ObjectDisposedException">The request has ended.</exception>
    internal HttpResponse Response => _response ?? throw new ObjectDisposedException(nameof(IFeatureCollection), "The request has ended.");

    /// <summary>What has gone wrong where the application does not learn of it, or need not.</summary>
    protected Exception? Fault { get; private set; }

    public virtual void OnCompleted(Func<object, Task> callback, object state) => throw new NotSupportedException();

    void IHttpResponseFeature.OnStarting(Func<object, Task> callback, object state)
    {
        ThrowIfStarted();
        _starting.Push((callback, state));
    }

    void IHttpResponseBodyFeature.DisableBuffering() => _writer.LeaveDeferral();

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken)
    {
        if (HasStarted)
        {
            return Task.CompletedTask;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return StartAsync();
    }

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) =>
        _file.SendAsync(path, offset, count, cancellationToken);

    Task IHttpResponseBodyFeature.CompleteAsync() => _writer.CompleteAsync().AsTask();

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync()
    {
        if (!Response.CanUpgrade)
        {
            throw new InvalidOperationException(
                "Cannot upgrade a non-upgradable request. Check IHttpUpgradeFeature.IsUpgradableRequest to determine if a request can be upgraded.");
        }

        await BeginSwitchAsync(StatusCodes.Status101SwitchingProtocols).ConfigureAwait(false);
        var pipe = await Response.UpgradeAsync().ConfigureAwait(false);
        return Request.IsWebSocketRequest ? new WebSocketStream(pipe, this, Request, Response) : new DuplexPipeStream(pipe, this);
    }

    void IHttpResetFeature.Reset(int errorCode) => AbortRequest(errorCode);

    /// <summary>Calls the callbacks, and gives status and fields to the server.</summary>
    internal Task StartAsync()
    {
        if (HasStarted)
        {
            return Task.CompletedTask;
        }

        if (_starting.Count > 0)
        {
            return StartSlowlyAsync();
        }

        Commit();
        return Task.CompletedTask;
    }

    /// <summary>The application is about to take the connection, or the stream, over: its response is no more than a head.</summary>
    internal async ValueTask BeginSwitchAsync(int statusCode)
    {
        ThrowIfStarted();
        _writer.LeaveDeferral();
        _statusCode = statusCode;
        await CallStartingAsync().ConfigureAwait(false);
        ThrowIfStarted();
        _headers.CopyTo(Response, isUpgrade: true, hasLength: false);
        HasStarted = _isSwitched = true;
    }

    /// <summary>The body is complete before its first byte is sent.</summary>
    internal void SetLengthIfNone(long length)
    {
        if (_headers.ContentLength is null && _starting.Count == 0 && _trailers.Count == 0)
        {
            _headers.ContentLength = length;
        }
    }

    /// <summary>The application has written all of the response: the client need not wait for the application to end.</summary>
    internal async ValueTask CompleteResponseAsync()
    {
        await StartAsync().ConfigureAwait(false);
        await _writer.SettleAsync().ConfigureAwait(false);
        CopyTrailers();
        _hasEnded = true;
        await Response.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>The response cannot be completed.</summary>
    internal void Fail(Exception exception) => Fault ??= exception;

    protected internal sealed override bool IsFlushOwed => _writer.IsFlushOwed;

    protected internal sealed override void SendOwedFlush() => _writer.SendOwed();

    /// <summary>The application's synchronous part begins, on this thread.</summary>
    protected void BeginSynchronousPart() => _writer.BeginSynchronousPart();

    /// <summary>The synchronous part has ended, and maybe the application with it.</summary>
    protected void EndSynchronousPart(bool isEnd) => _writer.EndSynchronousPart(isEnd);

    /// <summary>Begins a response.</summary>
    protected void BeginResponse(HttpResponse response)
    {
        ForgetResponse();
        _response = response;
        _writer.Begin(response.Body);
        (_statusCode, _reasonPhrase, HasStarted, _isSwitched, _hasEnded, Fault) = (StatusCodes.Status200OK, null, false, false, false, null);
    }

    /// <summary>Forgets the response.</summary>
    protected void EndResponse()
    {
        _response = null;
        _writer.End();
        ForgetResponse();
    }

    /// <summary>The application has ended: what is left of its response goes to the server.</summary>
    /// <exception cref="InvalidOperationException">It has promised more than it has written.</exception>
    protected ValueTask FinishResponseAsync()
    {
        if (Fault is not null || _isSwitched)
        {
            return default;
        }

        if (HasStarted || _starting.Count > 0 || HasBodyFailed || !MayHaveBody)
        {
            return FinishOtherAsync();
        }

        CheckLength();
        Commit(isEnd: true);
        CopyTrailers();
        return default;
    }

    private async ValueTask FinishOtherAsync()
    {
        if (!HasStarted)
        {
            await CallStartingAsync().ConfigureAwait(false);
            if (!HasStarted)
            {
                CheckLength();
                if (HasBodyFailed && MayHaveBody)
                {
                    SetLengthIfNone(_writer.Held);
                }

                Commit();
            }
        }

        await _writer.SettleAsync().ConfigureAwait(false);
        await TellNoLengthAsync().ConfigureAwait(false);

        if (HasBodyFailed && !Response.HasStarted)
        {
            await Response.Body.FlushAsync().ConfigureAwait(false); // or the server would answer a malformed body in the application's place
        }

        CopyTrailers();
    }

    private void CopyTrailers()
    {
        if (!_hasEnded && _otherTrailers is null && _trailers.Count > 0)
        {
            _trailers.CopyTo(Response);
        }
    }

    /// <summary>
    /// The application has failed behind the start of its response: what it has flushed is sent, and nobody is to take that for a whole answer.
    /// </summary>
    protected async ValueTask BreakOffAsync()
    {
        if (!HasStarted || _isSwitched)
        {
            return;
        }

        try
        {
            await _writer.SettleAsync().ConfigureAwait(false);
            await Response.Body.FlushAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The fault that is told of is the first one.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The client has gone, its request is malformed, or the response breaks a rule: the server knows, and answers if it still can.
        }
    }

    /// <summary>The application has completed the response before it has ended.</summary>
    protected bool IsCompleted => _writer.IsCompleted && Fault is null;

    /// <summary>Nothing that the application has set or written is left, but for the status to tell.</summary>
    protected void ShowFault(int statusCode)
    {
        if (!HasStarted)
        {
            _headers.Reset();
            (_statusCode, _reasonPhrase) = (statusCode, null);
        }
    }

    // At the beginning too: somebody may have set something behind the end of the last request.
    private void ForgetResponse()
    {
        _headers.Reset();
        _trailers.Reset();
        _starting.Clear();
        (_otherTrailers, _otherBody, Fault) = (null, null, null);
    }

    private void ThrowIfStarted()
    {
        if (HasStarted)
        {
            throw new InvalidOperationException("The response has already started: its status, headers and callbacks cannot be changed any more.");
        }
    }

    private async Task StartSlowlyAsync()
    {
        await CallStartingAsync().ConfigureAwait(false);
        Commit();
    }

    private async ValueTask CallStartingAsync()
    {
        try
        {
            while (_starting.TryPop(out var item))
            {
                await item.Callback(item.State).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Fail(exception); // whether the application lets it pass or not
            throw;
        }
    }

    private void CheckLength()
    {
        if (_headers.ContentLength is { } length && _writer.Held < length && MayHaveBody)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"Response Content-Length mismatch: too few bytes written ({_writer.Held} of {length})."));
        }
    }

    // HEAD of an application that writes nothing for it: that says nothing of the length that GET would have.
    private ValueTask<FlushResult> TellNoLengthAsync() =>
        IsHead && !Response.HasStarted && _headers.ContentLength is null && Response.Body.UnflushedBytes == 0 ? Response.Body.FlushAsync() : default;

    private bool IsHead => HttpMethods.IsHead(Request.Method);

    private bool MayHaveBody => !IsHead && _statusCode is not (204 or 205 or 304);

    private void Commit(bool isEnd = false)
    {
        if (HasStarted)
        {
            return; // a callback has started it
        }

        var response = Response;
        if (_statusCode != StatusCodes.Status200OK)
        {
            response.StatusCode = _statusCode;
        }

        if ((_reasonPhrase ?? OtherReason(_statusCode)) is { } reason)
        {
            response.ReasonPhrase = reason;
        }

        _headers.CopyTo(response, hasLength: _statusCode is not (204 or 205), wholeBytes: isEnd ? _writer.Held : null);
        HasStarted = true;
        _writer.Release();
    }

    // Where the framework's words differ from the server's.
    private static string? OtherReason(int statusCode) => statusCode is 413 or 418 or 422 ? ReasonPhrases.GetReasonPhrase(statusCode) : null;
}
