namespace PipeServer.Routing;

/// <summary>What answers a route, and where it runs.</summary>
/// <param name="Answer">The handler.</param>
/// <param name="Dispatch">Where it runs.</param>
/// <param name="TryAnswer">
/// The handler that is asked first, on the thread that received the request, and may answer at once; or null.
/// </param>
/// <param name="IsSynchronous">The handler has answered when it returns: by its type it cannot wait.</param>
internal sealed record RouteHandler(
    RequestHandler Answer, Dispatch Dispatch, TryRequestHandler? TryAnswer = null, bool IsSynchronous = false)
{
    /// <summary>A handler that gives a task.</summary>
    public static RequestHandler FromTask(Func<HttpRequest, HttpResponse, Task> answer)
    {
        ArgumentNullException.ThrowIfNull(answer, "handler");
        return (request, response) => new ValueTask(answer(request, response));
    }

    /// <summary>A handler that is declared synchronous, by its type.</summary>
    public static RouteHandler Synchronous(Action<HttpRequest, HttpResponse> answer, Dispatch dispatch) => new(
        (request, response) =>
        {
            answer(request, response);
            return ValueTask.CompletedTask;
        },
        dispatch,
        IsSynchronous: true);
}
