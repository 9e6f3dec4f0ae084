namespace PipeServer;

/// <summary>
/// Answers a request at once, or leaves it to the handler that is mapped with it: for answers that are ready most of the time, and need a
/// wait otherwise. Runs on the thread that received the request, and must not block.
/// </summary>
/// <param name="request">What the client asked.</param>
/// <param name="response">What the client gets; untouched where the result is false.</param>
/// <returns>True when the response is complete.</returns>
public delegate bool TryRequestHandler(HttpRequest request, HttpResponse response);
