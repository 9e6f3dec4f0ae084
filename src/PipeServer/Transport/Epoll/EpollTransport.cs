using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// The Linux transport: event loops over epoll, pipes straight over the descriptors. IPv4, IPv6 and unix sockets.
/// </summary>
public sealed class EpollTransport : ITransport
{
    // Connection objects kept between peaks; more are left to the garbage collector.
    private const int KeptConnections = 1024;

    // Scrapers look each quarter of a minute, or each minute.
    private const long ProbesAfterLookMilliseconds = 150_000;

    private static readonly Lazy<bool> Supported = new(Probe);

    private readonly EpollTransportOptions _options;
    private readonly ILogger _logger;
    private readonly ObjectPool<EpollConnection> _connections;
    private readonly Lock _lock = new();
    private EventLoop[] _loops = [];
    private LoopProbe[] _probes = []; // from the first look at them on
    private long _looked; // when somebody last looked, in milliseconds of the system's
    private bool _isStopped;

    /// <summary>Creates the transport; its loops start with the first listener.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There must be at least one loop.</exception>
    public EpollTransport(EpollTransportOptions? options = null)
    {
        _options = options ?? new EpollTransportOptions();
        _logger = GuardedLogger.Around(_options.Logger);
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Loops, 1, nameof(options));
        var policy = new ConnectionPolicy();
        _connections = policy.Pool = new DefaultObjectPool<EpollConnection>(policy, KeptConnections);
    }

    /// <summary>True on 64-bit Linux, x64 or arm64, where epoll can be used.</summary>
    public static bool IsSupported => Supported.Value;

    /// <inheritdoc/>
    public string Name => "epoll";

    /// <summary>The system's clock. Its timers run on the loops, once there is a listener and with it the loops.</summary>
    internal TimeProvider Timers
    {
        get
        {
            lock (_lock)
            {
                return _loops.Length > 0 ? new LoopClock(_loops) : TimeProvider.System;
            }
        }
    }

    /// <summary>What the loops are doing; none once the transport is stopped. <see cref="ProbeLoops"/> measures their lag from the first call on.</summary>
    internal IReadOnlyList<LoopStatistics> ReadLoops()
    {
        lock (_lock)
        {
            Volatile.Write(ref _looked, Environment.TickCount64);
            _probes = _isStopped ? [] : _probes.Length == _loops.Length ? _probes : Array.ConvertAll(_loops, static loop => new LoopProbe(loop));
        }

        var statistics = Array.ConvertAll(_probes, static probe => probe.Read());
        ProbeLoops();
        return statistics;
    }

    /// <summary>Measures how late the loops are, as long as somebody looks now and then. To be called at each beat.</summary>
    internal void ProbeLoops()
    {
        if (Environment.TickCount64 - Volatile.Read(ref _looked) < ProbesAfterLookMilliseconds)
        {
            foreach (var probe in Volatile.Read(ref _probes))
            {
                probe.Send();
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(
        EndPoint endPoint, int backlog, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        cancellationToken.ThrowIfCancellationRequested();
        var unix = UnixSocketFile.Prepare(endPoint);

        // Before the loops start: if it fails, there is nothing to undo.
        var inherited = endPoint as InheritedSocketEndPoint;
        var descriptor = inherited is null ? Bind(endPoint, unix, backlog) : TakeOver(inherited);
        try
        {
            var local = unix ?? LocalAddress.Of(descriptor) ?? endPoint;
            local = inherited is null ? local : ListeningSocket.AddressOf(descriptor, local) ?? local;
            var loops = GetLoops();
            var queue = new AcceptQueue(local, descriptor, inherited is null or { IsHandedOver: true }, isShared: inherited is { IsHandedOver: true });
            foreach (var loop in loops)
            {
                queue.Add(new EpollListener(queue, loop, loops, _connections));
            }

            if (inherited is not { IsHandedOver: true })
            {
                queue.Listeners[0].Register(); // the others when somebody accepts on them
            }

            // Of a socket that another process serves the system tells nobody here before somebody accepts: it would be told in the other's place.
            return new([queue.Listeners[0]]);
        }
        catch
        {
            Discard(descriptor, unix);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout)
    {
        EventLoop[] loops;
        lock (_lock)
        {
            _isStopped = true;
            loops = _loops;
        }

        foreach (var loop in loops)
        {
            loop.Stop();
        }

        try
        {
            await Task.WhenAll(loops.Select(static loop => loop.Ended)).WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Reported below, by name.
        }

        var stuck = loops.Where(static loop => !loop.Ended.IsCompleted).Select(static loop => loop.Name).ToArray();
        foreach (var loop in stuck)
        {
            Log.LoopStuck(_logger, loop);
        }

        return stuck;
    }

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return false;
        }

        try
        {
            using var probe = EventCalls.EpollCreate(out var epoll) >= 0 ? epoll : null;
            return probe is not null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static Descriptor TakeOver(InheritedSocketEndPoint endPoint)
    {
        var descriptor = new Descriptor(endPoint.Descriptor);
        try
        {
            ListeningSocket.TakeOver(descriptor);
            Errno.ThrowOnError(ListenCalls.SetNonBlocking(descriptor), "fcntl");
        }
        catch
        {
            descriptor.SetHandleAsInvalid(); // not closed: it is not what was said, so it may be somebody else's
            throw;
        }

        _ = ListenCalls.SetOption(descriptor, ListenCalls.IPPROTO_TCP, ListenCalls.TCP_NODELAY, 1); // a unix socket has no such option
        return descriptor;
    }

    private Descriptor Bind(EndPoint endPoint, UnixDomainSocketEndPoint? unix, int backlog)
    {
        var address = endPoint.Serialize();
        var isUnix = endPoint.AddressFamily == AddressFamily.Unix;
        var isBound = false;
        Errno.ThrowOnError(ListenCalls.Socket(BitConverter.ToUInt16(address.Buffer.Span), isUnix ? 0 : ListenCalls.IPPROTO_TCP, out var descriptor), "socket");
        try
        {
            if (!isUnix)
            {
                // Connections of an earlier process in TIME_WAIT must not keep the port. Accepted sockets inherit NODELAY.
                Errno.ThrowOnError(ListenCalls.SetOption(descriptor, ListenCalls.SOL_SOCKET, ListenCalls.SO_REUSEADDR, 1), "setsockopt");
                Errno.ThrowOnError(ListenCalls.SetOption(descriptor, ListenCalls.IPPROTO_TCP, ListenCalls.TCP_NODELAY, 1), "setsockopt");
                if (_options.ReusePort)
                {
                    Errno.ThrowOnError(ListenCalls.SetOption(descriptor, ListenCalls.SOL_SOCKET, ListenCalls.SO_REUSEPORT, 1), "setsockopt");
                }
            }

            if (endPoint is IPEndPoint { Address: var ip } && ip.AddressFamily == AddressFamily.InterNetworkV6)
            {
                var isAny = ip.Equals(IPAddress.IPv6Any);
                Errno.ThrowOnError(ListenCalls.SetOption(descriptor, ListenCalls.IPPROTO_IPV6, ListenCalls.IPV6_V6ONLY, isAny ? 0 : 1), "setsockopt");
            }

            Errno.ThrowOnError(ListenCalls.Bind(descriptor, address.Buffer.Span[..address.Size]), "bind");
            isBound = true;
            if (endPoint is UnixSocketFileEndPoint file)
            {
                UnixSocketFile.SetAccess(file);
            }

            Errno.ThrowOnError(ListenCalls.Listen(descriptor, backlog), "listen");
            return descriptor;
        }
        catch
        {
            Discard(descriptor, isBound ? unix : null);
            throw;
        }
    }

    // A unix socket's file before the socket, as in a listener that closes.
    private static void Discard(Descriptor descriptor, UnixDomainSocketEndPoint? bound)
    {
        if (bound is not null)
        {
            UnixSocketFile.Delete(bound);
        }

        descriptor.Dispose();
    }

    private EventLoop[] GetLoops()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            if (_loops.Length == 0)
            {
                var loops = new List<EventLoop>();
                try
                {
                    for (var index = 0; index < _options.Loops; index++)
                    {
                        loops.Add(new EventLoop(index, _logger));
                    }
                }
                catch
                {
                    loops.ForEach(static loop => loop.Discard());
                    throw;
                }

                _loops = [.. loops];
                loops.ForEach(static loop => loop.Start());
            }

            return _loops;
        }
    }

    private sealed class ConnectionPolicy : PooledObjectPolicy<EpollConnection>
    {
        private readonly PinnedBlockPool _blocks = new();

        public ObjectPool<EpollConnection>? Pool { get; set; }

        public override EpollConnection Create() => new(Pool!, _blocks);

        public override bool Return(EpollConnection obj)
        {
            obj.Reset();
            return true;
        }
    }
}
