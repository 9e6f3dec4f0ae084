namespace PipeServer.Server;

/// <summary>How often the server has refused for one reason since it was started.</summary>
/// <param name="Name">The reason in one word, as in <c>queue_full</c>.</param>
/// <param name="Status">What was answered.</param>
/// <param name="Reason">The reason in words, the client's and the log's.</param>
/// <param name="Count">So often.</param>
internal sealed record RefusalCount(string Name, int Status, string Reason, long Count);
