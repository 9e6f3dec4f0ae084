using System.Text;
using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer;

/// <summary>What the parameters of the route's pattern matched, percent-decoded: <c>{name}</c> of <c>/hello/{name}</c>.</summary>
public sealed class RouteValues
{
    private readonly RequestHead _head;
    private RouteMatch _match;

    internal RouteValues(RequestHead head) => _head = head;

    /// <summary>How many parameters the route has.</summary>
    public int Count => _match.Pattern?.Parameters.Count ?? 0;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public string this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            var index = _match.Pattern?.IndexOfParameter(name) ?? -1;
            if (index < 0)
            {
                throw new KeyNotFoundException(
                    $"The route {_match.Pattern?.Text ?? "of this request"} has no parameter {{{name}}}.");
            }

            return ToText(_match.Pattern!.Value(index, _head.Path));
        }
    }

    internal void Set(RouteMatch match) => _match = match;

    private static string ToText(ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value);
        return text.Replace((char)RequestTarget.EncodedSlash, '/');
    }
}
