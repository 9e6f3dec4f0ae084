namespace PipeServer.Routing;

/// <summary>What answers a route, and where it runs.</summary>
/// <param name="Answer">The handler.</param>
/// <param name="Dispatch">Where it runs; <see cref="Chosen"/> where <see cref="Choice"/> says so for each request.</param>
/// <param name="TryAnswer">
/// The handler that is asked first, on the thread that received the request, and may answer at once; or null.
/// </param>
/// <param name="IsSynchronous">The handler has answered when it returns: by its type it cannot wait.</param>
internal sealed record RouteHandler(
    RequestHandler Answer, Dispatch Dispatch, TryRequestHandler? TryAnswer = null, bool IsSynchronous = false)
{
    /// <summary>No <see cref="PipeServer.Dispatch"/>: each request has its own.</summary>
    public const Dispatch Chosen = (Dispatch)(-1);

    /// <summary>Says for each request where the handler runs; null where that is always the same.</summary>
    public DispatchChoice? Choice { get; private init; }

    /// <summary>What stands in front of it, until <see cref="WithFilters"/>.</summary>
    public RouteFilters? Filters { get; init; }

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

    /// <summary>The same handler, of which a function says for each request where it runs.</summary>
    public RouteHandler ChosenBy(Func<HttpRequest, Dispatch> function) => this with { Dispatch = Chosen, Choice = new DispatchChoice(this, function) };

    /// <summary>
    /// The handler with its filters in front. It is not synchronous then, whatever its type: a filter may wait. Nor is a first handler asked
    /// on the thread that has received the request: both run behind the filters, one after the other.
    /// </summary>
    public RouteHandler WithFilters()
    {
        if (Filters is not { HasAny: true } filters)
        {
            return this;
        }

        var (first, second) = (TryAnswer, Answer);
        RequestHandler answer = first is null
            ? second
            : (request, response) => first(request, response) ? ValueTask.CompletedTask : second(request, response);
        var filtered = new RouteHandler(filters.InFrontOf(answer), Dispatch);
        return Choice is null ? filtered : filtered.ChosenBy(Choice.Function);
    }
}
