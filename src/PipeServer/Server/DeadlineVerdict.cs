namespace PipeServer.Server;

/// <summary>What a look at the deadlines of a connection has found.</summary>
internal enum DeadlineVerdict : byte
{
    /// <summary>Nothing is due.</summary>
    InTime,

    /// <summary>The read that is waited for has taken too long.</summary>
    ReadTimedOut,

    /// <summary>The client takes its response, but more slowly than <see cref="HttpServerOptions.MinDataRate"/>.</summary>
    WriteTooSlow,

    /// <summary>The client has stopped taking its response.</summary>
    WriteTimedOut,
}
