using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using FrameworkBadRequest = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace PipeServer.AspNetCore;

/// <summary>
/// A request as the application sees it, and its way through the application. Serves one request after the other; the host keeps its own context here for as
/// long.
/// </summary>
internal sealed class RequestContext<TContext>(ApplicationRunner<TContext> runner)
    : ResponseFeatures(runner.ConnectionIdSeed, runner.Files), IHostContextContainer<TContext>
    where TContext : notnull
{
    private static readonly Type[] RareTypes =
    [
        typeof(IRequestBodyPipeFeature), typeof(IHttpConnectionFeature), typeof(IHttpBodyControlFeature), typeof(IHttpMaxRequestBodySizeFeature),
        typeof(IHttpRequestTrailersFeature), typeof(IHttpResponseTrailersFeature), typeof(IHttpUpgradeFeature), typeof(IHttpResetFeature),
        typeof(ITlsConnectionFeature), typeof(ITlsHandshakeFeature), typeof(IPersistentStateFeature), typeof(IConnectionItemsFeature),
        typeof(IConnectionIdFeature), typeof(IConnectionEndPointFeature), typeof(IHttpExtendedConnectFeature),
        typeof(IHttpMinRequestBodyDataRateFeature), typeof(IHttpMinResponseDataRateFeature),
    ];

    private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();
    private bool _hasCompleted; // callbacks, which the context must outlive
    private ExtendedConnect? _connect;
    private TlsFeatures? _tls;
    private DataRateFeatures? _dataRates;
    private TContext? _context;
    private Exception? _reported;

    /// <summary>Whose it is.</summary>
    public ApplicationRunner<TContext> Runner => runner;

    TContext? IHostContextContainer<TContext>.HostContext { get; set; }

    protected override IEnumerable<Type> OwnTypes => RareTypes;

    /// <summary>Has the application answer a request.</summary>
    public async ValueTask RunAsync(HttpRequest request, HttpResponse response)
    {
        ForgetConnection();
        BeginRequest(request);
        BeginResponse(response);
        ResetFeatures();
        AllowSynchronousIO = runner.AllowSynchronousIO;
        _completed.Clear();
        var application = runner.Application;
        Exception? fault = null;
        var hasContext = false;
        try
        {
            _context = application.CreateContext(this);
            hasContext = true;
            await CallApplicationAsync(application, _context).ConfigureAwait(false);
            await FinishResponseAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The host is told of every exception; the server answers it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault = exception;
        }

        _reported = fault ??= Fault;
        var answer = fault is null ? null : await AnswerAsync(fault, response).ConfigureAwait(false);
        if (!_hasCompleted)
        {
            End(hasContext);
        }

        if (answer is not null)
        {
            ExceptionDispatchInfo.Throw(answer);
        }
    }

    public override void OnCompleted(Func<object, Task> callback, object state)
    {
        if (!_hasCompleted)
        {
            _hasCompleted = true;
            Response.OnCompleted(static self => ((RequestContext<TContext>)self!).CompleteAsync(), this);
        }

        _completed.Push((callback, state));
    }

    protected override object? FindOwn(Type key)
    {
        if (key == typeof(IHttpConnectionFeature) || key == typeof(IRequestBodyPipeFeature) || key == typeof(IHttpBodyControlFeature)
            || key == typeof(IHttpMaxRequestBodySizeFeature) || key == typeof(IHttpUpgradeFeature) || key == typeof(IHttpRequestTrailersFeature)
            || key == typeof(IPersistentStateFeature) || key == typeof(IConnectionItemsFeature) || key == typeof(IConnectionIdFeature)
            || key == typeof(IConnectionEndPointFeature))
        {
            return this;
        }

        if (key == typeof(IHttpResponseTrailersFeature))
        {
            return Response.SupportsTrailers ? this : null;
        }

        if (key == typeof(IHttpResetFeature))
        {
            return IsHttp2 ? this : null;
        }

        if (key == typeof(IHttpExtendedConnectFeature))
        {
            return _connect ??= Request.ConnectProtocol is null ? null : new ExtendedConnect(this);
        }

        if (key == typeof(IHttpMinRequestBodyDataRateFeature) || key == typeof(IHttpMinResponseDataRateFeature))
        {
            return _dataRates ??= new DataRateFeatures(Request, Response);
        }

        if (key == typeof(ITlsConnectionFeature) || key == typeof(ITlsHandshakeFeature))
        {
            return _tls ??= Request.Tls is { } tls ? new TlsFeatures(tls) : null;
        }

        return null;
    }

    protected override object? Replace(Type key, object? value) =>
        key == typeof(IHttpWebSocketFeature) && value is IHttpWebSocketFeature feature and not Http2WebSocket && IsHttp2
            ? new Http2WebSocket(feature, this)
            : value;

    private Task CallApplicationAsync(IHttpApplication<TContext> application, TContext context)
    {
        BeginSynchronousPart();
        var isEnd = true;
        try
        {
            var task = application.ProcessRequestAsync(context);
            isEnd = task.IsCompleted;
            return task;
        }
        finally
        {
            EndSynchronousPart(isEnd);
        }
    }

    // What the server is to be told of a fault; null where the answer is made here, or complete.
    private async ValueTask<Exception?> AnswerAsync(Exception fault, HttpResponse response)
    {
        if (IsCompleted)
        {
            Log.FailedBehindResponse(runner.Logger, fault);
            return null;
        }

        await BreakOffAsync().ConfigureAwait(false);
        var bad = fault as FrameworkBadRequest;
        ShowFault(bad?.StatusCode ?? StatusCodes.Status500InternalServerError);
        if (bad?.InnerException is BadHttpRequestException own)
        {
            return own; // what the server has found itself
        }

        if (bad is null || response.HasStarted || bad.StatusCode is < 400 or > 499)
        {
            return fault;
        }

        Log.RequestRefused(runner.Logger, bad.StatusCode, bad);
        response.Clear();
        response.StatusCode = bad.StatusCode;
        return null;
    }

    // Behind the response's last byte.
    private async ValueTask CompleteAsync()
    {
        while (_completed.TryPop(out var item))
        {
            try
            {
                await item.Callback(item.State).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Foreign code; the others are called all the same.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.CompletedCallbackFailed(runner.Logger, exception);
            }
        }

        End(hasContext: true);
    }

    private void End(bool hasContext)
    {
        try
        {
            if (hasContext)
            {
                runner.Application.DisposeContext(_context!, _reported);
            }
        }
        finally
        {
            (_context, _reported, _tls, _connect, _dataRates, _hasCompleted) = (default, null, null, null, null, false);
            _completed.Clear();
            EndResponse();
            ForgetConnection();
            EndRequest();
            runner.Return(this);
        }
    }
}
