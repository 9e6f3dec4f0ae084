using System.Globalization;
using System.Net.Sockets;
using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// The process whose place this one takes: what it has handed over, and what is said to it. It serves until it is told that this one does. One object in a
/// process; members are used by one thread, but for what <see cref="ReadyAsync"/> starts.
/// </summary>
internal sealed class Predecessor
{
    /// <summary>The variable by which a process knows that it is started to take another's place: that one's number, a colon, and the descriptor.</summary>
    public const string Variable = "_PIPESERVER_UPGRADE";

    private readonly UpgradeChannel _channel;
    private readonly List<PassedSocket> _unused;
    private readonly TaskCompletionSource<bool> _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isToldReady;

    private Predecessor(int id, UpgradeChannel channel, IReadOnlyList<PassedSocket> sockets, byte[] ticketKeys)
    {
        (Id, _channel, Sockets, TicketKeys) = (id, channel, sockets, ticketKeys);
        _unused = [.. sockets.Where(static socket => HandedOverName.IsOwn(socket.Name))];
    }

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>All listening sockets, those of a unit of systemd among them.</summary>
    public IReadOnlyList<PassedSocket> Sockets { get; }

    /// <summary>The keys of its session tickets, for <see cref="HttpServer.ImportTicketKeys"/>.</summary>
    public byte[] TicketKeys { get; }

    /// <summary>
    /// Finds it, and makes LISTEN_PID this process's: nobody could know its number before. To be called once, before anything else reads these variables.
    /// </summary>
    /// <returns>Null for a process that takes nobody's place.</returns>
    public static Predecessor? Find()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is not { } text)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null); // of nobody else
        if (text.Split(':') is not [var process, var number]
            || !int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
            || descriptor < PassedSocket.FirstDescriptor
            || !StandardStream.WasPassed(descriptor)
            || !PassedSocket.IsUnixSocket(descriptor))
        {
            return null; // left over in somebody's environment
        }

        var channel = UpgradeChannel.Take(descriptor);

        // It was sent before this process was started.
        if (!channel.TryReceive(TimeSpan.FromSeconds(5), out var hello) || hello?.Split(' ') is not [UpgradeChannel.Hello, var keys])
        {
            channel.TrySend($"{UpgradeChannel.Failed} the other program of this version does not know how to take over");
            channel.Dispose();
            return null;
        }

        Environment.SetEnvironmentVariable("LISTEN_PID", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new Predecessor(id, channel, Systemd.PassedSockets(), Convert.FromBase64String(keys));
    }

    /// <summary>Tells it why this process cannot take its place, if it has not been told that it can.</summary>
    public void Fail(string reason)
    {
        if (!_isToldReady)
        {
            _isToldReady = true;
            _channel.TrySend($"{UpgradeChannel.Failed} {reason}");
            _channel.Dispose();
        }
    }

    /// <summary>Tells it that this process accepts on all sockets, and waits for what it decides.</summary>
    /// <param name="used">The numbers of the handed-over sockets that somebody accepts from.</param>
    /// <param name="isGone">
    /// Is called on a thread of its own, when the other process has left the sockets to this one, or is gone for another reason; not when it has thought
    /// better of it.
    /// </param>
    /// <returns>True to go on: it says so, or is gone without a word. False when it has thought better of it, and serves on.</returns>
    public Task<bool> ReadyAsync(IEnumerable<int> used, Action isGone)
    {
        _isToldReady = true;
        _unused.RemoveAll(socket => used.Contains(socket.Descriptor));
        new Thread(() =>
        {
            _channel.TrySend(UpgradeChannel.Ready);
            _channel.TryReceive(Timeout.InfiniteTimeSpan, out var answer);
            var isWanted = answer is null or UpgradeChannel.Go;
            _decided.TrySetResult(isWanted);
            while (answer is not null)
            {
                isWanted &= answer == UpgradeChannel.Go;
                _channel.TryReceive(Timeout.InfiniteTimeSpan, out answer);
            }

            _channel.Dispose();
            if (isWanted)
            {
                CloseUnused();
                isGone();
            }
        })
        {
            IsBackground = true,
            Name = "predecessor",
        }.Start();
        return _decided.Task;
    }

    /// <summary>Tells it that this process serves: it drains now.</summary>
    public void TellServing() => _channel.TrySend(UpgradeChannel.Serving);

    // Of places that the configuration does not name any more. Before, they may have been wanted again.
    private void CloseUnused()
    {
        foreach (var socket in _unused)
        {
            if (HandedOverName.UnixPathOf(socket.Name) is { } path)
            {
                UnixSocketFile.Delete(new UnixDomainSocketEndPoint(path));
            }

            new SafeSocketHandle(socket.Descriptor, ownsHandle: true).Dispose();
        }
    }
}
