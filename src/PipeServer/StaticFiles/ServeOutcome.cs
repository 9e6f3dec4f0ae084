namespace PipeServer.StaticFiles;

/// <summary>What came of an attempt to answer from one generation of the root.</summary>
internal enum ServeOutcome
{
    /// <summary>The response is complete, or is under way and the client is told if it breaks off.</summary>
    Answered,

    /// <summary>The file has changed while it was read, and nothing is sent yet.</summary>
    Changed,

    /// <summary>There is nothing at the path, nothing is sent yet, and the root's name leads to another tree by now.</summary>
    Left,
}
