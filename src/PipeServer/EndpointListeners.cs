using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>Opens the listeners of a server's endpoints: one for most, one for each address of localhost.</summary>
internal static class EndpointListeners
{
    // Between the first bind to a free port and the second to the same, another program may have taken it there. Ten times in a row nobody has
    // that luck.
    private const int Attempts = 10;

    // No file of hosts names more loopback addresses than that.
    private const int MostLocalhostAddresses = 8;

    // The names of this machine are in a file. Where a resolver asks a network instead, the two usual addresses must do.
    private static readonly TimeSpan LookupTime = TimeSpan.FromSeconds(2);

    // Nothing is served yet, so loops end when they are told to; without any time for it they were said to be stuck.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How many listeners an endpoint has at most, as far as it can be told before.</summary>
    public static int CountOf(HttpEndpoint endpoint) => endpoint.IsLocalhost ? 2 : 1;

    /// <summary>Opens all of them, or none.</summary>
    /// <exception cref="ListenException">An endpoint cannot be bound.</exception>
    public static async Task<List<(HttpEndpoint Endpoint, IConnectionListener Listener)>> OpenAsync(
        HttpServerOptions options, ITransport transport, CancellationToken cancellationToken)
    {
        var listeners = new List<(HttpEndpoint Endpoint, IConnectionListener Listener)>();
        try
        {
            foreach (var endpoint in options.Endpoints)
            {
                foreach (var listener in await OpenAsync(endpoint, options.Backlog, transport, cancellationToken).ConfigureAwait(false))
                {
                    listeners.Add((endpoint, listener));
                }
            }

            return listeners;
        }
        catch
        {
            await CloseAsync(listeners.Select(static item => item.Listener), transport).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Closes the listeners of a start that has failed, and the transport: nobody could stop them later, because a server that has not
    /// started has no transport.
    /// </summary>
    public static async Task CloseAsync(IEnumerable<IConnectionListener> listeners, ITransport transport)
    {
        await CloseAsync(listeners).ConfigureAwait(false);
        await transport.StopAsync(StopTimeout).ConfigureAwait(false);
    }

    private static async ValueTask<IReadOnlyList<IConnectionListener>> OpenAsync(
        HttpEndpoint endpoint, int backlog, ITransport transport, CancellationToken cancellationToken)
    {
        try
        {
            return endpoint.HandedOver.Count > 0
                ? await TakeOverAsync(endpoint.HandedOver, backlog, transport, cancellationToken).ConfigureAwait(false)
                : endpoint.IsLocalhost
                ? await OpenLocalhostAsync(endpoint.Port!.Value, backlog, transport, cancellationToken).ConfigureAwait(false)
                : await transport.ListenAsync(endpoint.EndPoint, backlog, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new ListenException(endpoint, exception);
        }
    }

    private static async Task<IReadOnlyList<IConnectionListener>> TakeOverAsync(
        IReadOnlyList<int> descriptors, int backlog, ITransport transport, CancellationToken cancellationToken)
    {
        var listeners = new List<IConnectionListener>();
        try
        {
            foreach (var descriptor in descriptors)
            {
                var endPoint = new InheritedSocketEndPoint(descriptor) { IsHandedOver = true };
                listeners.AddRange(await transport.ListenAsync(endPoint, backlog, cancellationToken).ConfigureAwait(false));
            }

            return listeners;
        }
        catch
        {
            await CloseAsync(listeners).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<IReadOnlyList<IConnectionListener>> OpenLocalhostAsync(
        int port, int backlog, ITransport transport, CancellationToken cancellationToken)
    {
        var addresses = await LocalhostAsync(cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var listeners = new List<IConnectionListener>();
            try
            {
                await OpenAllAsync(addresses, port, backlog, transport, listeners, cancellationToken).ConfigureAwait(false);
                return listeners;
            }
            catch (SocketException exception) when (
                port == 0 && listeners.Count > 0 && attempt < Attempts && exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The port that was free at the first address is taken at another: the next attempt gets another one.
                await CloseAsync(listeners).ConfigureAwait(false);
            }
            catch
            {
                await CloseAsync(listeners).ConfigureAwait(false);
                throw;
            }
        }
    }

    // One port for all: a client that is told localhost may go to any of them.
    private static async Task OpenAllAsync(
        IReadOnlyList<IPAddress> addresses,
        int port,
        int backlog,
        ITransport transport,
        List<IConnectionListener> listeners,
        CancellationToken cancellationToken)
    {
        SocketException? missing = null;
        foreach (var address in addresses)
        {
            try
            {
                var opened = await transport.ListenAsync(new IPEndPoint(address, port), backlog, cancellationToken).ConfigureAwait(false);
                listeners.AddRange(opened);
                port = opened.Select(static listener => listener.EndPoint).OfType<IPEndPoint>().FirstOrDefault()?.Port ?? port;
            }
            catch (SocketException exception) when (
                exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
                missing = exception; // this machine has no IPv6, or no IPv4
            }
        }

        if (listeners.Count == 0 && missing is not null)
        {
            throw missing;
        }
    }

    // RFC 6761 §6.3: a name that means this machine only. What else a file of hosts says is not followed, as browsers do not follow it either.
    private static async Task<IReadOnlyList<IPAddress>> LocalhostAsync(CancellationToken cancellationToken)
    {
        IEnumerable<IPAddress> named = [];
        try
        {
            named = await Dns.GetHostAddressesAsync("localhost", cancellationToken).WaitAsync(LookupTime, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            // The name is not known here, and means the same all the same.
        }

        return [.. named.Where(IPAddress.IsLoopback).Prepend(IPAddress.IPv6Loopback).Prepend(IPAddress.Loopback)
            .Distinct().Take(MostLocalhostAddresses)];
    }

    private static async Task CloseAsync(IEnumerable<IConnectionListener> listeners)
    {
        foreach (var listener in listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }
}
