using System.Collections.Concurrent;

namespace PipeServer.AspNetCore;

/// <summary>What an application keeps as long as the client's connection lasts. Its requests may run beside each other. Thread-safe.</summary>
internal sealed class ConnectionState
{
    /// <summary>The connection's items.</summary>
    public ConcurrentDictionary<object, object?> Items { get; } = new();

    /// <summary>Its persistent state.</summary>
    public ConcurrentDictionary<object, object?> Persistent { get; } = new();

    /// <summary>Those of the connection that carries a request; made when they are first asked for.</summary>
    public static ConnectionState Of(HttpRequest request) =>
        (ConnectionState)(request.PersistentState ?? request.AddPersistentState(new ConnectionState()));
}
