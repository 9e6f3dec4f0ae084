using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>The routes of a server while they are being mapped, from one thread; <see cref="ToTable"/> freezes them.</summary>
internal sealed class RouteMap
{
    // RFC 9110 §9.3, RFC 5789, and the rest of the registry (RFC 9110 §16.1.1) that an application could answer.
    private static readonly HashSet<string> StandardMethods = new(
        ("GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY "
            + "MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK "
            + "UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL").Split(' '),
        StringComparer.OrdinalIgnoreCase);

    private readonly List<Route> _routes = [];

    /// <summary>What answers every path that no route has; null for 404.</summary>
    public RouteHandler? Fallback { get; set; }

    /// <summary>It answers methods too that are not known here.</summary>
    public bool FallbackTakesAnyMethod { get; set; }

    /// <summary>Maps a method and a path pattern.</summary>
    /// <exception cref="ArgumentException">The method or the pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already.</exception>
    public void Add(string method, string pattern, RouteHandler handler)
    {
        if (!Ascii.IsValid(method) || method.Length > RequestParser.MaxMethodBytes
            || !HttpCharacters.IsToken(Encoding.ASCII.GetBytes(method)) || method.ToUpperInvariant() is "CONNECT" or "TRACE")
        {
            throw new ArgumentException(
                $"'{method}' is not a method that can be mapped: it must be a token of at most {RequestParser.MaxMethodBytes} characters, and not "
                + "CONNECT or TRACE.",
                nameof(method));
        }

        if (StandardMethods.TryGetValue(method, out var standard) && standard != method)
        {
            throw new ArgumentException(
                $"'{method}' is not a method that can be mapped: methods are case-sensitive (RFC 9110 §9.1), and no client sends it. Write {standard}.",
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

    /// <summary>Puts something in front of each handler that has been mapped, the fallback included.</summary>
    public void Guard(Func<RouteHandler, RouteHandler> guard)
    {
        _routes.ForEach(route => route.Guard(guard));
        Fallback = Fallback is null ? null : guard(Fallback);
    }

    /// <summary>The table that requests are matched against.</summary>
    public RouteTable ToTable() => new(_routes, Fallback, FallbackTakesAnyMethod);
}
