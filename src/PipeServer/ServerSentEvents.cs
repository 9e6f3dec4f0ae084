using System.Buffers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer;

/// <summary>
/// A stream of server-sent events (HTML's living standard, §9.2), which browsers read by <c>EventSource</c>: begun by
/// <see cref="RunAsync(HttpRequest, HttpResponse, Func{ServerSentEvents, ValueTask}, ServerSentEventsOptions?)"/>, and over with it. Thread-safe: events do
/// not mix, neither with each other nor with the comments that keep a silent stream alive.
/// </summary>
/// <remarks>
/// Awaiting a send is what keeps a slow client from filling the memory: it is held to <see cref="HttpServerOptions.ResponseWriteTimeout"/> and cut off behind
/// it. While the stream is open, nothing else may write to the response.
/// </remarks>
#pragma warning disable CA1001 // The gate holds nothing to dispose of, and the source is disposed of at the stream's end.
public sealed class ServerSentEvents : IKeptAlive
#pragma warning restore CA1001
{
    private readonly HttpResponse _response;
    private readonly ServerSentEventsOptions _options;
    private readonly EventStreams _streams;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationToken _draining;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _ended;
    private readonly SemaphoreSlim _gate = new(1, 1); // whoever writes has it
    private long _lastSent;
    private bool _hasEnded;

    private ServerSentEvents(HttpRequest request, HttpResponse response, ServerSentEventsOptions options)
    {
        var server = request.Exchange.Connection.Server;
        _response = response;
        _options = options;
        _streams = server.EventStreams;
        _timeProvider = server.TimeProvider;
        _draining = request.Draining;
        _aborted = request.Aborted;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(_draining, _aborted);
        Ended = _ended.Token;
        LastEventId = FindLastEventId(request);
    }

    private delegate ValueTask<bool> Sender<T>(ServerSentEvents events, in SseItem<T> item, JsonTypeInfo<T>? typeInfo, CancellationToken cancellationToken);

    /// <summary>
    /// The id of the last event that the client has got before it has connected again (its <c>Last-Event-ID</c> field); null where it names none, or one that
    /// cannot be an id: not UTF-8, or several.
    /// </summary>
    public string? LastEventId { get; }

    /// <summary>Cancelled when the server starts to stop, or the client is gone. What is sent after a drain has begun still arrives.</summary>
    public CancellationToken Ended { get; }

    private bool KeepsAlive => _options.KeepAliveInterval != Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Answers by a stream of events, which ends when <paramref name="send"/> does. In a drain its last line tells the client when to come back. HEAD gets
    /// the header fields only, without a call.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="response">Its response: status 200, without a length.</param>
    /// <param name="send">
    /// Sends the events. It should end when <see cref="Ended"/> is cancelled; an <see cref="OperationCanceledException"/> is then an end like any other.
    /// </param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The response has been started, or has another status than 200, or a length.</exception>
    public static async ValueTask RunAsync(
        HttpRequest request, HttpResponse response, Func<ServerSentEvents, ValueTask> send, ServerSentEventsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(send);
        SetHead(response);
        if (request.Exchange.Head.Method == RequestMethod.Head)
        {
            await response.Body.FlushAsync(CancellationToken.None).ConfigureAwait(false); // an end without a byte would have the length 0, as no stream has
            return;
        }

        var events = new ServerSentEvents(request, response, options ?? new ServerSentEventsOptions());
        var isFault = true;
        try
        {
            if (await events.BeginAsync().ConfigureAwait(false))
            {
                await send(events).ConfigureAwait(false);
            }

            isFault = false;
        }
        catch (OperationCanceledException) when (events.Ended.IsCancellationRequested)
        {
            isFault = false;
        }
        finally
        {
            await events.EndAsync(isFault).ConfigureAwait(false);
        }
    }

    /// <summary>Sends an event, and waits until the client has taken it, as far as buffers do not.</summary>
    /// <param name="item">
    /// Its data become a line each, whatever ends their lines; an item without data is no event for the client, but its id and reconnection interval count.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the event may arrive nevertheless.</param>
    /// <returns>False: the client is gone.</returns>
    /// <exception cref="ArgumentException">The id or the event's type has a line end or NUL in it. Nothing is sent.</exception>
    /// <exception cref="InvalidOperationException">The stream is over, because its handler is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<bool> SendAsync(in SseItem<string> item, CancellationToken cancellationToken = default)
    {
        Check(item);
        return SendAsync(item!, json: null, cancellationToken);
    }

    /// <summary>Sends an event whose data are JSON.</summary>
    /// <param name="item">The event.</param>
    /// <param name="typeInfo">The metadata of a source-generated context.</param>
    /// <param name="cancellationToken">Ends the wait; the event may arrive nevertheless.</param>
    /// <inheritdoc cref="SendAsync(in SseItem{string}, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<bool> SendJsonAsync<T>(in SseItem<T> item, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        Check(item);

        // Before anything is written: what the serializer throws leaves the stream whole.
        var json = JsonSerializer.SerializeToUtf8Bytes(item.Data, typeInfo);
        var fields = new SseItem<string?>(null, item.EventType) { EventId = item.EventId, ReconnectionInterval = item.ReconnectionInterval };
        return SendAsync(fields, json, cancellationToken);
    }

    /// <summary>
    /// Sends the events of a sequence, one after the other, until it ends, the client is gone, or the server starts to stop. The sequence gets a token that
    /// is cancelled at the stream's end: what it gives within a second after that is still sent. One that does not heed the token is left behind then, and
    /// disposed of when it goes on; it must not use the request or the response any more.
    /// </summary>
    /// <param name="items">The events.</param>
    /// <param name="cancellationToken">Ends the sequence too.</param>
    /// <inheritdoc cref="SendAsync(in SseItem{string}, CancellationToken)" path="/exception"/>
    public ValueTask SendAllAsync(IAsyncEnumerable<SseItem<string>> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        return SendAllAsync(
            items, typeInfo: null, static (events, in item, _, cancellationToken) => events.SendAsync(item, cancellationToken), cancellationToken);
    }

    /// <summary>The same for events whose data are JSON.</summary>
    /// <param name="items">The events.</param>
    /// <param name="typeInfo">The metadata of a source-generated context.</param>
    /// <param name="cancellationToken">Ends the sequence too.</param>
    /// <inheritdoc cref="SendAsync(in SseItem{string}, CancellationToken)" path="/exception"/>
    public ValueTask SendAllJsonAsync<T>(IAsyncEnumerable<SseItem<T>> items, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(typeInfo);
        return SendAllAsync(
            items, typeInfo, static (events, in item, type, token) => events.SendJsonAsync(item, type!, token), cancellationToken);
    }

    void IKeptAlive.OnTick(long now)
    {
        // Where somebody writes it is not silent.
        if (_timeProvider.GetElapsedTime(Volatile.Read(ref _lastSent), now) >= _options.KeepAliveInterval && _gate.Wait(0))
        {
            _ = SendCommentAsync();
        }
    }

    private static void SetHead(HttpResponse response)
    {
        response.ThrowIfStarted();
        if (response.StatusCode != 200 || response.ContentLength is not null)
        {
            var found = response.ContentLength is { } length ? $"the length {length}" : $"status {response.StatusCode}";
            throw new InvalidOperationException($"A stream of events has status 200 and no length; the response has {found}.");
        }

        response.ContentType = "text/event-stream";
        response.Headers["Cache-Control"] = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // a proxy in between is not to gather the events
    }

    private static string? FindLastEventId(HttpRequest request)
    {
        var name = "Last-Event-ID"u8;
        return request.Headers.CountOf(name) == 1 && request.Headers.TryGetBytes(name, out var value) && !value.IsEmpty && Utf8.IsValid(value)
            ? Encoding.UTF8.GetString(value)
            : null;
    }

    private static void Check<T>(in SseItem<T> item)
    {
        if (!EventStreamFormat.IsFieldValue(item.EventType) || !EventStreamFormat.IsFieldValue(item.EventId))
        {
            throw new ArgumentException("The id and the type of an event have one line, without NUL.", nameof(item));
        }
    }

    // The head goes out at once: the client is to know that it is connected.
    private async ValueTask<bool> BeginAsync()
    {
        _lastSent = _timeProvider.GetTimestamp();
        if ((await _response.Body.FlushAsync(CancellationToken.None).ConfigureAwait(false)).IsCompleted)
        {
            return false;
        }

        if (KeepsAlive)
        {
            _streams.Add(this);
        }

        return true;
    }

    private async ValueTask EndAsync(bool isFault)
    {
        if (KeepsAlive)
        {
            _streams.Remove(this);
        }

        // Whoever still writes goes before: no longer than a slow client is waited for.
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _hasEnded = true;
        if (!isFault && _draining.IsCancellationRequested && !_aborted.IsCancellationRequested)
        {
            EventStreamFormat.WriteRetry(_response.Body, EventStreams.Spread(_options.ReconnectDelay, _options.ReconnectSpread));
            _response.Body.Write("\n"u8);
        }

        _gate.Release();
        _ended.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(SseItem<string?> item, byte[]? json, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_hasEnded)
            {
                throw new InvalidOperationException("The stream of events is over, because its handler is.");
            }

            Write(item, json);
            return await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    // Has the gate, and gives it back.
    private async Task SendCommentAsync()
    {
        try
        {
            if (!_hasEnded)
            {
                _response.Body.Write(EventStreamFormat.Comment);
                await FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Nobody waits for a comment. What is wrong with the connection the next event will tell, and Ended.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Write(in SseItem<string?> item, byte[]? json)
    {
        var output = _response.Body;
        if (item.EventType is { Length: > 0 } and not EventStreamFormat.DefaultType)
        {
            EventStreamFormat.WriteField(output, "event: "u8, item.EventType);
        }

        if (json is not null)
        {
            EventStreamFormat.WriteData(output, json);
        }
        else if (item.Data is not null)
        {
            EventStreamFormat.WriteData(output, item.Data);
        }

        if (item.EventId is not null)
        {
            EventStreamFormat.WriteField(output, "id: "u8, item.EventId);
        }

        if (item.ReconnectionInterval is { } interval)
        {
            EventStreamFormat.WriteRetry(output, interval);
        }

        output.Write("\n"u8);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _lastSent, _timeProvider.GetTimestamp());
        try
        {
            if (!(await _response.Body.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
            {
                return true;
            }
        }
        catch (IOException)
        {
            // The same said otherwise.
        }

        _ = _ended.CancelAsync(); // the connection's own token may come a moment later
        return false;
    }

    private async ValueTask SendAllAsync<T>(
        IAsyncEnumerable<SseItem<T>> items, JsonTypeInfo<T>? typeInfo, Sender<T> send, CancellationToken cancellationToken)
    {
        if (Ended.IsCancellationRequested)
        {
            return;
        }

        using var both = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(Ended, cancellationToken) : null;
        var end = new SequenceEnd(_timeProvider, both?.Token ?? Ended);
        using var registration = end.Token.UnsafeRegister(static end => ((SequenceEnd)end!).TrySetResult(), end);
        var source = items.GetAsyncEnumerator(end.Token);
        Task<bool>? pending = null;
        try
        {
            while (!end.IsPatienceOver)
            {
                pending = source.MoveNextAsync().AsTask();
                if (!pending.IsCompleted && !await end.WaitAsync(pending).ConfigureAwait(false))
                {
                    break;
                }

                var next = pending;
                pending = null;
                if (!await next.ConfigureAwait(false) || !await send(this, source.Current, typeInfo, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
            (Ended.IsCancellationRequested ? default : cancellationToken).ThrowIfCancellationRequested();
        }
        catch (OperationCanceledException) when (Ended.IsCancellationRequested)
        {
            // What the source has thrown because of that is an end like any other.
        }
        finally
        {
            if (pending is null)
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                _ = DisposeLaterAsync(source, pending);
            }
        }
    }

    // A source that is waited for cannot be disposed of.
    private static async Task DisposeLaterAsync<T>(IAsyncEnumerator<T> source, Task<bool> pending)
    {
        try
        {
            await pending.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Its stream is over, and with it whoever could be told.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        await source.DisposeAsync().ConfigureAwait(false);
    }
}
