using System.Runtime.CompilerServices;
using PipeServer.Diagnostics;

namespace PipeServer.Server;

/// <summary>
/// What a request's handler wants to be called for: <see cref="HttpResponse.OnStarting"/>, <see cref="HttpResponse.OnCompleted"/>. The last one that was
/// registered is called first, and each is called once. Belongs to an exchange, and is reused. Not thread-safe.
/// </summary>
internal sealed class ResponseHooks
{
    private readonly List<Hook> _starting = [];
    private readonly List<Hook> _completed = [];
    private int _running;
    private Exception? _failure;

    /// <summary>Nothing is left to call.</summary>
    public bool IsEmpty => _starting.Count == 0 && _completed.Count == 0 && _running == 0 && _failure is null;

    /// <summary>The response must not start before <see cref="RunStartingAsync"/> has ended.</summary>
    public bool IsStartDue => _starting.Count > 0 || _running > 0 || _failure is not null;

    /// <summary>One that was called before the start is at work.</summary>
    public bool IsStarting => _running > 0;

    /// <summary>Somebody waits for the end of the response.</summary>
    public bool HasCompleted => _completed.Count > 0;

    /// <summary>See <see cref="HttpResponse.OnStarting"/>.</summary>
    public void OnStarting(Func<object?, ValueTask> callback, object? state) => _starting.Add(new Hook(callback, state));

    /// <summary>See <see cref="HttpResponse.OnCompleted"/>.</summary>
    public void OnCompleted(Func<object?, ValueTask> callback, object? state) => _completed.Add(new Hook(callback, state));

    /// <summary>
    /// Calls those that wait for the start, and those that they register. One of them may start the response itself: what is left is called before.
    /// </summary>
    /// <exception cref="InvalidOperationException">One has failed before, whoever has caught that: the answer is that it has.</exception>
    public async ValueTask RunStartingAsync()
    {
        ThrowIfFailed();
        _running++;
        try
        {
            while (TryTake(_starting) is { } hook)
            {
                await hook.Callback(hook.State).ConfigureAwait(false);
            }

            ThrowIfFailed();
        }
        catch (Exception exception)
        {
            _starting.Clear();
            _failure ??= exception;
            throw;
        }
        finally
        {
            _running--;
        }
    }

    /// <summary>The handler has ended, and what has failed before it is known: an answer of the server's own may start.</summary>
    public void ForgetFailure() => _failure = null;

    /// <summary>Calls those that wait for the end. Their faults are logged and change nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunCompletedAsync(Exchange exchange)
    {
        if (_completed.Count > 0 && exchange.MustLeaveTransportThread)
        {
            await Task.Yield();
        }

        while (TryTake(_completed) is { } hook)
        {
            try
            {
                await hook.Callback(hook.State).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Foreign code: the response has gone, and the others want to be called too.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.CompletedHookFailed(exchange.Connection.Server.Logger, exchange.ToString(), exception);
            }
        }
    }

    /// <summary>Forgets what the last request has left.</summary>
    public void Clear()
    {
        _starting.Clear();
        _completed.Clear();
        _failure = null;
        _running = 0;
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new InvalidOperationException("A callback of OnStarting has failed, so that the response cannot be started.", _failure);
        }
    }

    private static Hook? TryTake(List<Hook> hooks)
    {
        if (hooks.Count == 0)
        {
            return null;
        }

        var last = hooks[^1];
        hooks.RemoveAt(hooks.Count - 1);
        return last;
    }

    private readonly record struct Hook(Func<object?, ValueTask> Callback, object? State);
}
