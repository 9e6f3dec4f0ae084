namespace PipeServer;

/// <summary>Is told of a request that has ended; see <see cref="HttpServerOptions.OnCompleted"/>.</summary>
/// <param name="completion">What became of it; valid during the call.</param>
public delegate void RequestCompletedHandler(in RequestCompletion completion);
