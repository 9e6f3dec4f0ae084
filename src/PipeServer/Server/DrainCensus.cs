namespace PipeServer.Server;

/// <summary>What the connections are doing, counted: a line of the log for every second of a drain.</summary>
/// <param name="Idle">New, between two requests, or ending.</param>
/// <param name="Reading">In the middle of a head, or of a TLS handshake.</param>
/// <param name="Handling">In a handler, which may have the connection for good, or waiting for a worker.</param>
/// <param name="Writing">Waiting for the client to read.</param>
/// <param name="Oldest">The request that has been in progress for longest, in words; or <c>none</c>.</param>
internal readonly record struct DrainCensus(int Idle, int Reading, int Handling, int Writing, string Oldest);
