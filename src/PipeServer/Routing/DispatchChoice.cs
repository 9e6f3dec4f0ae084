namespace PipeServer.Routing;

/// <summary>Says for each request of a route where its handler runs.</summary>
internal sealed class DispatchChoice
{
    private readonly RouteHandler[] _byDispatch;

    /// <param name="handler">The handler, wherever it runs.</param>
    /// <param name="function">Says where, on the thread that has received the request.</param>
    public DispatchChoice(RouteHandler handler, Func<HttpRequest, Dispatch> function)
    {
        Function = function;
        _byDispatch = Array.ConvertAll(Enum.GetValues<Dispatch>(), dispatch => handler with { Dispatch = dispatch });
    }

    public Func<HttpRequest, Dispatch> Function { get; }

    /// <summary>The handler for this request.</summary>
    /// <exception cref="InvalidOperationException">The function has said what is no <see cref="Dispatch"/>; what it throws itself is thrown on.</exception>
    public RouteHandler For(HttpRequest request)
    {
        var dispatch = (int)Function(request);
        return (uint)dispatch < (uint)_byDispatch.Length
            ? _byDispatch[dispatch]
            : throw new InvalidOperationException($"The function that chooses where a handler runs has returned {dispatch}, which is no Dispatch.");
    }
}
