namespace PipeServer.Server;

/// <summary>
/// An encoded response that a handler has sent while callbacks of <see cref="HttpResponse.OnStarting"/> were due: it goes out behind them.
/// </summary>
/// <param name="Response">The response.</param>
/// <param name="Body">Its body, where that had to be fetched.</param>
internal sealed record PreparedAnswer(PreparedResponse Response, byte[]? Body = null);
