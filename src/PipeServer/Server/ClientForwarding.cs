using System.Net;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// Finds the client of each request that has come by way of a trusted proxy (<see cref="HttpServerOptions.ForwardedHeader"/>). Made only where
/// there are any. Thread-safe.
/// </summary>
internal sealed class ClientForwarding
{
    // Clients come back: mostly their end points are here, and none has to be made. A power of two; 100 KB when it is full.
    private const int Kept = 1024;

    private readonly bool _isStandard;
    private readonly bool _trustsUnixSockets;
    private readonly NetworkPrefix[] _trusted;
    private readonly IPEndPoint?[] _recent = new IPEndPoint?[Kept];

    private ClientForwarding(IList<TrustedProxy> trusted, bool isStandard)
    {
        _isStandard = isStandard;
        _trusted = new NetworkPrefix[trusted.Count];
        var networks = 0;
        foreach (var proxy in trusted)
        {
            if (proxy.Prefix is { } network)
            {
                _trusted[networks++] = network;
            }
        }

        _trustsUnixSockets = networks < _trusted.Length;
        Array.Resize(ref _trusted, networks);
    }

    /// <summary>What the options want; null where no field is believed, and none was before.</summary>
    /// <param name="options">The options.</param>
    /// <param name="before">
    /// What was in force so far, or null. Where that is given up, one that believes nobody takes its place: exchanges still know the clients of
    /// their last requests, and it has them forget those.
    /// </param>
    public static ClientForwarding? For(HttpServerOptions options, ClientForwarding? before)
    {
        IList<TrustedProxy> trusted = options.ForwardedHeader == ForwardedHeader.None ? [] : options.TrustedProxies;
        return trusted.Count > 0 || before is not null ? new ClientForwarding(trusted, options.ForwardedHeader == ForwardedHeader.Forwarded) : null;
    }

    /// <summary>Notes in a request whose head is complete who its client is.</summary>
    public void Apply(Exchange exchange)
    {
        var fields = exchange.Head.Fields;
        var client = (_isStandard ? Forwarded.MayBeIn(fields) : ForwardedFor.MayBeIn(fields)) && IsTrusted(exchange.Connection.RemoteEndPoint)
            ? _isStandard ? Forwarded.Find(fields, _trusted) : ForwardedFor.Find(fields, _trusted)
            : default;
        exchange.SetClient(client.Address is { } address ? EndPoint(address, client.Port) : null, client.HasScheme ? client.IsHttps : null);
    }

    private bool IsTrusted(EndPoint? peer) =>
        peer is IPEndPoint { Address: var address } ? NetworkPrefix.AnyIncludes(_trusted, HostAddress.Of(address)) : _trustsUnixSockets;

    // By value, not by whom it was made for: an end point can be changed, and one that was is not found.
    private IPEndPoint EndPoint(HostAddress address, int port)
    {
        ref var place = ref _recent[HashCode.Combine(address, port) & (Kept - 1)];
        var kept = Volatile.Read(ref place);
        if (kept is null || kept.Port != port || HostAddress.Of(kept.Address) != address)
        {
            kept = new IPEndPoint(address.ToIPAddress(), port);
            Volatile.Write(ref place, kept);
        }

        return kept;
    }
}
