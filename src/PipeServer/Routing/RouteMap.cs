using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>The routes of a server while they are being mapped, from one thread; <see cref="ToTable"/> freezes them.</summary>
internal sealed class RouteMap
{
    private readonly List<Route> _routes = [];

    /// <summary>What answers every path that no route has; null for 404.</summary>
    public RouteHandler? Fallback { get; set; }

    /// <summary>Maps a method and a path pattern.</summary>
    /// <exception cref="ArgumentException">The method or the pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already.</exception>
    public void Add(string method, string pattern, RouteHandler handler)
    {
        if (!Ascii.IsValid(method) || method.Length > RequestParser.MaxMethodBytes
            || !HttpCharacters.IsToken(Encoding.ASCII.GetBytes(method)) || method is "CONNECT" or "TRACE")
        {
            throw new ArgumentException(
                $"'{method}' is not a method that can be mapped: it must be a token of at most {RequestParser.MaxMethodBytes} characters, and not "
                + "CONNECT or TRACE.",
                nameof(method));
        }

        var parsed = RoutePattern.Parse(pattern);
        var route = _routes.Find(route => route.Pattern.Text == parsed.Text);
        if (route is null)
        {
            route = new Route(parsed);
            _routes.Add(route);
        }

        var isTaken = _routes.Exists(other => other != route && other.Pattern.Shape == parsed.Shape && other.Methods.Contains(method));
        if (isTaken || !route.TryAdd(method, handler))
        {
            throw new InvalidOperationException($"{method} {pattern} is mapped already, or a pattern that matches the same paths is.");
        }
    }

    /// <summary>The table that requests are matched against.</summary>
    public RouteTable ToTable() => new(_routes, Fallback);
}
