using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>A listener whose socket another process can be given, to accept from the same queue of clients.</summary>
internal interface IHandedOverListener : IConnectionListener
{
    /// <summary>The listening socket. The listener's own: to be duplicated, not closed.</summary>
    SafeHandle Socket { get; }

    /// <summary>
    /// Another process accepts from the same queue, and may go on when this one stops: the socket is closed then, and nothing else. Set back, it is looked
    /// once for clients that only the other process was told of.
    /// </summary>
    bool IsShared { get; set; }
}
