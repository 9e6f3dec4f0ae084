namespace PipeServer.Server;

/// <summary>How many connections there are in each state of their life.</summary>
/// <param name="New">Nothing has come of a first request; or what stands before it, such as a proxy's header, is awaited.</param>
/// <param name="ReadingHead">In the middle of a head.</param>
/// <param name="Handling">In a handler, or waiting for a worker, or for the rest of a body.</param>
/// <param name="Writing">Waiting for the client to read its answer.</param>
/// <param name="Idle">Between two requests.</param>
/// <param name="Switched">Its handler has it for good.</param>
/// <param name="Closing">Half-closed, waiting for the client to do the same; those that were refused too.</param>
/// <param name="Handshaking">In the middle of a TLS handshake.</param>
internal readonly record struct ConnectionStates(
    int New, int ReadingHead, int Handling, int Writing, int Idle, int Switched, int Closing, int Handshaking = 0)
{
    /// <summary>All of them.</summary>
    public int Total => New + ReadingHead + Handling + Writing + Idle + Switched + Closing + Handshaking;
}
