using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The one timer of a server: keeps the coarse clock and the Date block, and looks over all connections for deadlines that
/// have passed. A timer per request would cost more than the request.
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    // The Date header needs one beat a second. A timeout comes up to two beats late, never early: its start is rounded up to a beat, and
    // its end is noticed by a beat. Ten thousand connections take well under a millisecond to look over.
    private static readonly TimeSpan NormalPeriod = TimeSpan.FromMilliseconds(250);

    // As many as are looked over in well under a millisecond. The timer may be an event loop's: with more, its clients would wait for the look.
    private const int MaxOnTimer = 4096;

    private readonly TimeProvider _timeProvider;
    private readonly ConnectionManager _connections;
    private readonly ILogger _logger;
    private readonly long _started;
    private ITimer _timer;
    private long _now;
    private long _slack = (long)NormalPeriod.TotalMilliseconds;
    private long _second;
    private readonly Lock _updating = new(); // for what follows, but for reading it
    private volatile ServerFields _fields;
    private volatile byte[] _okBlock = [];
    private volatile byte[]? _http2Block; // null until somebody asks in this second
    private volatile bool _draining;
    private long _latestRead = long.MaxValue;
    private int _ticking;

    /// <summary>Beats from now on.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="timers">What makes the timer; its callbacks may come on an event loop, and at any time after this has begun.</param>
    /// <param name="connections">What is looked over at each beat.</param>
    /// <param name="logger">Gets what goes wrong in a beat.</param>
    /// <param name="fields">What responses say of the server.</param>
    public Heartbeat(TimeProvider timeProvider, TimeProvider timers, ConnectionManager connections, ILogger logger, ServerFields fields)
    {
        _fields = fields;
        _timeProvider = timeProvider;
        _connections = connections;
        _logger = logger;
        _started = timeProvider.GetTimestamp();
        Update();
        _timer = CreateTimer(timers, NormalPeriod, NormalPeriod);
    }

    /// <summary>Milliseconds since the server started, as of the last beat.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>True from the end of the drain's delay on.</summary>
    public bool IsDraining => _draining;

    /// <summary>Is called at each beat, at most a beat late; null for nobody.</summary>
    public Action? OnBeat { get; set; }

    /// <summary>The Server and Date fields, at most a beat old.</summary>
    public ReadOnlySpan<byte> ServerAndDate => DateHeader.WithoutStatus(_okBlock);

    /// <summary>The same behind the status line of a 200: see <see cref="DateHeader.CreateOkBlock"/>.</summary>
    public byte[] OkBlock => _okBlock;

    /// <summary>The Server and Date fields as HTTP/2 has them, at most a beat old: see <see cref="DateHeader.CreateHttp2Block"/>.</summary>
    public byte[] Http2ServerAndDate => _http2Block ?? CreateHttp2Block();

    /// <summary>The second that they tell, since 1970.</summary>
    public long Second => Volatile.Read(ref _second);

    /// <summary>The same to the second, for a response with a time in it that must not be later (RFC 9110 §8.8.2.1).</summary>
    public ReadOnlySpan<byte> ServerAndDateNow
    {
        get
        {
            var utcNow = _timeProvider.GetUtcNow();
            return Volatile.Read(ref _second) == utcNow.ToUnixTimeSeconds() ? ServerAndDate : DateHeader.CreateBlock(utcNow, _fields);
        }
    }

    /// <summary>The same as HTTP/2 has it.</summary>
    public byte[] Http2ServerAndDateNow
    {
        get
        {
            var utcNow = _timeProvider.GetUtcNow();
            return Volatile.Read(ref _second) == utcNow.ToUnixTimeSeconds() ? Http2ServerAndDate : DateHeader.CreateHttp2Block(utcNow, _fields);
        }
    }

    /// <summary>The latest time at which a read times out in a drain; before a drain, <see cref="long.MaxValue"/>.</summary>
    public long LatestRead => Volatile.Read(ref _latestRead);

    /// <summary>
    /// The value of <see cref="Now"/> at which the timeout of a read has surely passed; in a drain no later than
    /// <see cref="LatestRead"/>.
    /// </summary>
    public long DeadlineAfter(TimeSpan timeout) => Math.Min(LatestRead, WriteDeadlineAfter(timeout));

    /// <summary>
    /// The same for a write, which a drain does not shorten: a client that still reads at the end of the grace period is cut off there, and
    /// the report names its request.
    /// </summary>
    public long WriteDeadlineAfter(TimeSpan timeout) => Now + (timeout.Ticks / TimeSpan.TicksPerMillisecond) + Volatile.Read(ref _slack);

    /// <summary>Beats faster from now on, and lets no timeout go beyond what is left of the grace period.</summary>
    /// <param name="timeLeft">The grace period.</param>
    /// <param name="keepsTimer">The loops go on beating: there may be no thread for another timer.</param>
    public void BeginDrain(TimeSpan timeLeft, bool keepsTimer = false)
    {
        Volatile.Write(ref _latestRead, Now + (long)DrainRules.LongestRead(timeLeft).TotalMilliseconds);
        _draining = true;
        Volatile.Write(ref _slack, (long)DrainRules.HeartbeatPeriod.TotalMilliseconds);

        if (keepsTimer)
        {
            _timer.Change(DrainRules.HeartbeatPeriod, DrainRules.HeartbeatPeriod);
            return;
        }

        // Not by the loops any more: with all of them stuck in handlers nobody would tell the idle connections.
        _timer.Dispose();
        _timer = CreateTimer(_timeProvider, TimeSpan.Zero, DrainRules.HeartbeatPeriod);
    }

    /// <summary>Has responses say something else of the server from now on. From any thread.</summary>
    public void Use(ServerFields fields)
    {
        if (fields != _fields)
        {
            Write(_timeProvider.GetUtcNow(), fields);
        }
    }

    public void Dispose() => _timer.Dispose();

    private ITimer CreateTimer(TimeProvider timers, TimeSpan dueTime, TimeSpan period) =>
        timers.CreateTimer(static state => ((Heartbeat)state!).Tick(), this, dueTime, period);

    private void Tick()
    {
        // A beat that takes longer than the period is not overtaken by the next one.
        if (Interlocked.Exchange(ref _ticking, 1) != 0)
        {
            return;
        }

        var isHandedOn = false;
        try
        {
            Update();
            OnBeat?.Invoke();
            isHandedOn = _connections.Count > MaxOnTimer && ThreadPool.UnsafeQueueUserWorkItem(static heart => heart.Look(), this, preferLocal: false);
        }
#pragma warning disable CA1031 // Timeouts must outlive a fault in one of them.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.HeartbeatFailed(_logger, exception);
        }

        if (!isHandedOn)
        {
            Look();
        }
    }

    private void Look()
    {
        try
        {
            _connections.OnHeartbeat(Now, _draining);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.HeartbeatFailed(_logger, exception);
        }
        finally
        {
            Volatile.Write(ref _ticking, 0);
        }
    }

    // A beat or a reload may come meanwhile, and then this is of the second before: it is not kept.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte[] CreateHttp2Block()
    {
        var second = Volatile.Read(ref _second);
        var fields = _fields;
        var block = DateHeader.CreateHttp2Block(DateTimeOffset.FromUnixTimeSeconds(second), fields);
        _http2Block = block;
        if (Volatile.Read(ref _second) != second || _fields != fields)
        {
            _http2Block = null;
        }

        return block;
    }

    private void Update()
    {
        Volatile.Write(ref _now, (long)_timeProvider.GetElapsedTime(_started).TotalMilliseconds);
        var utcNow = _timeProvider.GetUtcNow();
        if (utcNow.ToUnixTimeSeconds() != Second || _okBlock.Length == 0)
        {
            Write(utcNow, fields: null);
        }
    }

    private void Write(DateTimeOffset utcNow, ServerFields? fields)
    {
        lock (_updating)
        {
            _fields = fields ?? _fields;
            _okBlock = DateHeader.CreateOkBlock(utcNow, _fields);
            Volatile.Write(ref _second, utcNow.ToUnixTimeSeconds()); // behind the block: who sees the second finds a block that is not older
            _http2Block = null;
        }
    }
}
