namespace PipeServer.StaticFiles;

/// <summary>What a request's conditions come to.</summary>
internal enum Precondition
{
    /// <summary>There are none, or they hold: answer as if they were not there.</summary>
    Holds,

    /// <summary>304: the client has it already.</summary>
    NotModified,

    /// <summary>412: it is not what the client takes it for.</summary>
    Failed,

    /// <summary>503: whether it is what the client takes it for cannot be said yet.</summary>
    Unknown,
}
