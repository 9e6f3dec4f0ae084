using System.Collections.Concurrent;

namespace PipeServer.AspNetCore;

/// <summary>What an application keeps as long as the client's connection lasts. Its requests may run beside each other.</summary>
internal static class ConnectionItems
{
    /// <summary>Those of the connection that carries a request; made when they are first asked for.</summary>
    public static IDictionary<object, object?> Of(HttpRequest request)
    {
        if (request.PersistentState is not ConcurrentDictionary<object, object?> items)
        {
            // Two requests that ask for the first time at once may get one each: the core has no place to compare and set.
            items = new ConcurrentDictionary<object, object?>();
            request.PersistentState = items;
        }

        return items;
    }
}
