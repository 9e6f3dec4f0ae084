using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// What the parameters of the route's pattern matched, percent-decoded: <c>{name}</c> of <c>/hello/{name}</c>. Bytes that are not UTF-8 stay
/// encoded.
/// </summary>
public sealed class RouteValues
{
    private readonly HttpRequest _request;
    private readonly RequestHead _head;

    internal RouteValues(HttpRequest request, RequestHead head) => (_request, _head) = (request, head);

    /// <summary>How many parameters the route has.</summary>
    public int Count => _request.Route?.Parameters.Count ?? 0;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public string this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            var pattern = _request.Route;
            var index = pattern?.IndexOfParameter(name) ?? -1;
            if (index < 0)
            {
                throw new KeyNotFoundException(
                    $"The route {pattern?.Text ?? "of this request"} has no parameter {{{name}}}.");
            }

            return RequestPath.ToText(pattern!.Value(index, _head.Path), slash: "/");
        }
    }
}
