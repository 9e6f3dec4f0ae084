using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>What the features tell of the connection.</summary>
internal abstract class ConnectionFeatures(long connectionIdSeed) : RequestFeatures,
    IHttpConnectionFeature, IHttpRequestIdentifierFeature, IConnectionItemsFeature, IConnectionIdFeature, IConnectionEndPointFeature, IPersistentStateFeature
{
    private static long _requests; // that were given a name

    private string? _connectionId;
    private string? _traceIdentifier;
    private (IPAddress? Address, int Port)? _remote;
    private (IPAddress? Address, int Port)? _local;
    private EndPoint? _otherRemote;
    private EndPoint? _otherLocal;
    private IDictionary<object, object?>? _otherItems;

    public string ConnectionId
    {
        get => _connectionId ??= (connectionIdSeed + Request.ConnectionId).ToString("X", CultureInfo.InvariantCulture);
        set => _connectionId = value;
    }

    string IHttpRequestIdentifierFeature.TraceIdentifier
    {
        get => _traceIdentifier ??= string.Create(CultureInfo.InvariantCulture, $"{ConnectionId}:{Interlocked.Increment(ref _requests):X8}");
        set => _traceIdentifier = value;
    }

    IPAddress? IHttpConnectionFeature.RemoteIpAddress { get => Remote.Address; set => _remote = (value, Remote.Port); }

    int IHttpConnectionFeature.RemotePort { get => Remote.Port; set => _remote = (Remote.Address, value); }

    IPAddress? IHttpConnectionFeature.LocalIpAddress { get => Local.Address; set => _local = (value, Local.Port); }

    int IHttpConnectionFeature.LocalPort { get => Local.Port; set => _local = (Local.Address, value); }

    EndPoint? IConnectionEndPointFeature.RemoteEndPoint { get => _otherRemote ?? Request.RemoteEndPoint; set => _otherRemote = value; }

    EndPoint? IConnectionEndPointFeature.LocalEndPoint { get => _otherLocal ?? Request.LocalEndPoint; set => _otherLocal = value; }

    IDictionary<object, object?> IConnectionItemsFeature.Items
    {
        get => _otherItems ?? ConnectionState.Of(Request).Items;
        set => _otherItems = value;
    }

    IDictionary<object, object?> IPersistentStateFeature.State => ConnectionState.Of(Request).Persistent;

    /// <summary>Forgets the connection: at the end of a request and, as something may have been set behind that, at the beginning.</summary>
    protected void ForgetConnection()
    {
        (_connectionId, _traceIdentifier, _remote, _local) = (null, null, null, null);
        (_otherRemote, _otherLocal, _otherItems) = (null, null, null);
    }

    private (IPAddress? Address, int Port) Remote => _remote ??= Parts(Request.RemoteEndPoint);

    private (IPAddress? Address, int Port) Local => _local ??= Parts(Request.LocalEndPoint);

    private static (IPAddress? Address, int Port) Parts(EndPoint? endPoint) => endPoint is IPEndPoint ip ? (ip.Address, ip.Port) : (null, 0);
}
