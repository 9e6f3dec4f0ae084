namespace PipeServer.DrainSuite;

/// <summary>How much of a client's handshake is held back.</summary>
internal enum HeldHandshake
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>All but the first bytes of the first record: the server does not know yet what the client wants.</summary>
    WithinHello,

    /// <summary>All behind the first flight: the server has answered, and waits for the rest.</summary>
    AfterHello,
}
