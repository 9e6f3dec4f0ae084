using System.Net;

namespace PipeServer.Transport;

/// <summary>
/// A listening socket that this process was given when it started, by systemd's socket activation for example. It is bound
/// and listening already, and the process that gave it keeps it open: closing it here refuses no client.
/// </summary>
/// <param name="descriptor">Its number, from 3 on.</param>
public sealed class InheritedSocketEndPoint(int descriptor) : EndPoint
{
    /// <summary>The descriptor's number.</summary>
    public int Descriptor { get; } = descriptor;

    /// <summary>
    /// The process that gave it hands it over for good, as its own: the file of a unix socket is deleted, and clients are turned away, when this one stops.
    /// </summary>
    internal bool IsHandedOver { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"inherited socket {Descriptor}";
}
