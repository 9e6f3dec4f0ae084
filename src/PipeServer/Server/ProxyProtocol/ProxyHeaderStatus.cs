namespace PipeServer.Server.ProxyProtocol;

/// <summary>What the first bytes of a connection are.</summary>
internal enum ProxyHeaderStatus : byte
{
    /// <summary>The start of a header.</summary>
    Partial,

    /// <summary>A whole header.</summary>
    Complete,

    /// <summary>Something else, or a header that breaks a rule.</summary>
    Invalid,
}
