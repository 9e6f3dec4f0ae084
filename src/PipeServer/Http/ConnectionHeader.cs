namespace PipeServer.Http;

/// <summary>What a response says about its connection.</summary>
internal enum ConnectionHeader : byte
{
    /// <summary>Nothing: the version's default holds.</summary>
    None,

    /// <summary><c>Connection: close</c></summary>
    Close,

    /// <summary><c>Connection: keep-alive</c>, which a 1.0 client must read to believe it.</summary>
    KeepAlive,

    /// <summary><c>Connection: Upgrade</c>, with a 101.</summary>
    Upgrade,
}
