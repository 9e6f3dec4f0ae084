namespace PipeServer.Http;

/// <summary>What a response says about its connection.</summary>
internal enum ConnectionHeader : byte
{
    /// <summary>Nothing: the version's default holds.</summary>
    None,

    /// <summary><c>Connection: close</c></summary>
    Close,

    /// <summary><c>Connection: keep-alive</c>, without which an HTTP/1.0 client expects the connection to close.</summary>
    KeepAlive,

    /// <summary><c>Connection: Upgrade</c>, with a 101.</summary>
    Upgrade,
}
