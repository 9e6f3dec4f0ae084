using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Transport.Epoll;

/// <summary>What can be set on an <see cref="EpollTransport"/>.</summary>
public sealed class EpollTransportOptions
{
    /// <summary>Event loops, each a thread. Default: one per core, because more would only share the cores.</summary>
    public int Loops { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Let other processes listen on the same address and port (SO_REUSEPORT), to take over without a gap. Default: no.
    /// </summary>
    public bool ReusePort { get; set; }

    /// <summary>Where faults of a loop are logged. Default: to standard error.</summary>
    public ILogger Logger { get; set; } = LineLoggerFactory.StandardError.CreateLogger("PipeServer.Transport");
}
