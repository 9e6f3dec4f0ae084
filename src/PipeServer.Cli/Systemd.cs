using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// What systemd passes by the environment: the socket for reports on this process (sd_notify(3)), and listening sockets
/// (sd_listen_fds_with_names(3)). Without systemd, nothing here has an effect.
/// </summary>
internal sealed class Systemd : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _endPoint;
    private readonly TimeProvider _time;
    private readonly TimeSpan _watchdogPeriod = TimeSpan.Zero;
    private ITimer? _watchdog;
    private string _status = "";
    private volatile bool _isHandedOver; // another process is the main one: of this one nothing is taken any more

    public Systemd(TimeProvider time)
    {
        _time = time;
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path || !Socket.OSSupportsUnixDomainSockets)
        {
            return;
        }

        try
        {
            // An @ stands for the NUL of an abstract name.
            _endPoint = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        }
        catch (ArgumentOutOfRangeException)
        {
            return; // longer than any socket's name can be: nobody listens there
        }

        // Not blocking: a manager that does not read must not hold up a stop.
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        if (long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds > 0
            && IsForThisProcess("WATCHDOG_PID", mayBeMissing: true))
        {
            // Twice as often as systemd asks for, as its manual advises.
            _watchdogPeriod = TimeSpan.FromMicroseconds(microseconds / 2.0);
        }
    }

    /// <summary>The listening sockets that this process was started with.</summary>
    public static IReadOnlyList<PassedSocket> PassedSockets()
    {
        if (!IsForThisProcess("LISTEN_PID", mayBeMissing: false)
            || !int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return [];
        }

        // One name for each, with colons in between. When the variable is missing, the manual says, each is called unknown.
        var names = Environment.GetEnvironmentVariable("LISTEN_FDNAMES")?.Split(':') ?? [];
        var sockets = new List<PassedSocket>();
        for (var (index, isThere) = (0, true); index < count && isThere; index++)
        {
            // The first one that is not there is the last: the start fails by its number, and not for want of memory.
            var descriptor = PassedSocket.FirstDescriptor + index;
            isThere = StandardStream.WasPassed(descriptor);
            sockets.Add(new PassedSocket(descriptor, index < names.Length && names[index].Length > 0 ? names[index] : "unknown"));
        }

        return sockets;
    }

    public void NotifyReady(string status)
    {
        _status = status;
        Notify($"READY=1\nSTATUS={status}");
        if (_watchdogPeriod > TimeSpan.Zero)
        {
            _watchdog = _time.CreateTimer(
                static state => ((Systemd)state!).NotifyAlive(), this, _watchdogPeriod, _watchdogPeriod);

            // At once too: systemd counts from the last report, of whichever process. The one before an upgrade may have made it half a period ago, or,
            // where upgrades follow each other closely, none since its start.
            NotifyAlive();
        }
    }

    /// <summary>A reload begins; <see cref="NotifyReloaded"/> ends it.</summary>
    /// <remarks>With the time, by which a manager (Type=notify-reload) knows an answer to its signal from one to an earlier one.</remarks>
    public void NotifyReloading() => Notify(string.Create(
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMicrosecond}\nSTATUS=Reloading"));

    /// <summary>A reload has ended.</summary>
    /// <param name="isRefused">Nothing has changed, because something is wrong.</param>
    public void NotifyReloaded(bool isRefused) =>
        Notify($"READY=1\nSTATUS={_status}{(isRefused ? "; the last reload was refused, the log says why" : "")}");

    /// <summary>Another process is the service's main process from now on: it tells the rest, and this one nothing more.</summary>
    public void HandOver(int process)
    {
        Notify(string.Create(CultureInfo.InvariantCulture, $"MAINPID={process}"));
        _isHandedOver = true;
    }

    /// <summary>That process is gone, and this one is the main one again.</summary>
    public void TakeBack()
    {
        _isHandedOver = false;
        Notify(string.Create(
            CultureInfo.InvariantCulture, $"MAINPID={Environment.ProcessId}\nREADY=1\nSTATUS={_status}; the last upgrade has failed, the log says why"));
        if (_watchdogPeriod > TimeSpan.Zero)
        {
            NotifyAlive(); // for the time in which nothing of this process was taken
        }
    }

    public void NotifyStopping() => Notify("STOPPING=1\nSTATUS=Draining");

    public void Dispose()
    {
        _watchdog?.Dispose();
        _socket?.Dispose();
    }

    private void NotifyAlive() => Notify("WATCHDOG=1");

    private static bool IsForThisProcess(string variable, bool mayBeMissing) =>
        Environment.GetEnvironmentVariable(variable) is { } pid
            ? pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            : mayBeMissing;

    private void Notify(string state)
    {
        if (_isHandedOver)
        {
            return;
        }

        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(state), _endPoint!);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A manager that does not listen is no reason not to serve.
        }
    }
}
