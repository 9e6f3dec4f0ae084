namespace PipeServer.Server;

/// <summary>How a connection ended: the column of the ledger that it is counted in.</summary>
internal enum ConnectionOutcome : byte
{
    /// <summary>In order, by either side.</summary>
    Closed,

    /// <summary>It was cut off.</summary>
    Aborted,

    /// <summary>It was refused.</summary>
    Refused,
}
