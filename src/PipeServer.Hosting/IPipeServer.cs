using System.Net;

namespace PipeServer.Hosting;

/// <summary>The host's server, for those who want to know of it; a singleton. Thread-safe.</summary>
public interface IPipeServer
{
    /// <summary>The server itself. The host starts and stops it: leave that to it.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it yet.</exception>
    HttpServer Server { get; }

    /// <summary>Where the server listens, with the real ports; empty before the start.</summary>
    IReadOnlyList<EndPoint> EndPoints { get; }

    /// <summary>What the stop did, once it has ended; null before. It can still be read after the host has stopped.</summary>
    ShutdownReport? LastReport { get; }
}
