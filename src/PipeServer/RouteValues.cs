using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer;

/// <summary>
/// What the parameters of the route's pattern matched, percent-decoded: <c>{name}</c> of <c>/hello/{name}</c>. Bytes that are not UTF-8 stay
/// encoded.
/// </summary>
public sealed class RouteValues
{
    private readonly RequestHead _head;
    private RoutePattern? _pattern;

    internal RouteValues(RequestHead head) => _head = head;

    /// <summary>How many parameters the route has.</summary>
    public int Count => _pattern?.Parameters.Count ?? 0;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public string this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            var index = _pattern?.IndexOfParameter(name) ?? -1;
            if (index < 0)
            {
                throw new KeyNotFoundException(
                    $"The route {_pattern?.Text ?? "of this request"} has no parameter {{{name}}}.");
            }

            return RequestPath.ToText(_pattern!.Value(index, _head.Path), slash: "/");
        }
    }

    internal void Set(RoutePattern? pattern)
    {
        // Mostly the same one as for the connection's last request, and then there is nothing for the collector to be told.
        if (_pattern != pattern)
        {
            _pattern = pattern;
        }
    }
}
