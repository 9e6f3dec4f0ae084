using System.Collections.Frozen;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>
/// All routes, frozen when the server starts. Literal paths are one look-up; patterns are tried most specific first: a
/// literal segment goes before a parameter, a parameter before a catch-all.
/// </summary>
internal sealed class RouteTable
{
    private readonly LiteralRoutes? _literals; // null without any
    private readonly Route[] _patterns;
    private readonly RouteHandler? _fallback;
    private readonly FrozenSet<string> _methods;
    private readonly string _allowOfServer;

    public RouteTable(IEnumerable<Route> routes, RouteHandler? fallback)
    {
        var all = routes.ToList();
        var literals = all.FindAll(static route => route.Pattern.IsLiteral);
        _literals = literals.Count == 0 ? null : new LiteralRoutes(literals);
        _patterns = [.. all.Where(static route => !route.Pattern.IsLiteral)
            .OrderBy(static route => route.Pattern.Shape, StringComparer.Ordinal)];
        _fallback = fallback;
        _methods = all.SelectMany(static route => route.Methods).ToFrozenSet(StringComparer.Ordinal);
        _allowOfServer = Allow(fallback is null ? _methods : _methods.Append("GET"));
    }

    public RouteMatch Match(RequestMethod method, ReadOnlySpan<byte> methodBytes, TargetForm form, ReadOnlySpan<byte> path)
    {
        if (form == TargetForm.Asterisk)
        {
            return new RouteMatch(RouteOutcome.Options, Allow: _allowOfServer);
        }

        if (method == RequestMethod.Other && !_methods.Contains(Encoding.ASCII.GetString(methodBytes)))
        {
            return new RouteMatch(RouteOutcome.UnknownMethod);
        }

        if (form == TargetForm.Authority)
        {
            // CONNECT asks for a tunnel, which no path offers.
            return new RouteMatch(RouteOutcome.MethodNotAllowed, Allow: _allowOfServer);
        }

        var literal = _literals?.Find(path);
        if (literal is not null && TryFind(literal, method, methodBytes, out var found))
        {
            return found;
        }

        foreach (var route in _patterns)
        {
            if (route.Pattern.Matches(path) && TryFind(route, method, methodBytes, out found))
            {
                return found;
            }
        }

        return NoHandler(literal, method, path);
    }

    private static bool TryFind(Route route, RequestMethod method, ReadOnlySpan<byte> methodBytes, out RouteMatch match)
    {
        var handler = route.Find(method, methodBytes);
        match = new RouteMatch(RouteOutcome.Found, handler, route.Pattern);
        return handler is not null;
    }

    private RouteMatch NoHandler(Route? literal, RequestMethod method, ReadOnlySpan<byte> path)
    {
        List<string>? methods = literal is null ? null : [.. literal.Methods];
        foreach (var route in _patterns)
        {
            if (route.Pattern.Matches(path))
            {
                (methods ??= []).AddRange(route.Methods);
            }
        }

        if (methods is not null)
        {
            return new RouteMatch(
                method == RequestMethod.Options ? RouteOutcome.Options : RouteOutcome.MethodNotAllowed,
                Allow: Allow(methods));
        }

        if (method == RequestMethod.Trace)
        {
            // RFC 9110 §9.3.8: TRACE would echo what intermediaries added, so no fallback gets it by accident.
            return new RouteMatch(RouteOutcome.MethodNotAllowed, Allow: _allowOfServer);
        }

        return _fallback is null
            ? new RouteMatch(RouteOutcome.NotFound)
            : new RouteMatch(RouteOutcome.Found, _fallback);
    }

    // Allow = #method (RFC 9110 §10.2.1)
    private static string Allow(IEnumerable<string> methods)
    {
        var all = methods.Distinct(StringComparer.Ordinal).ToList();
        if (all.Contains("GET") && !all.Contains("HEAD"))
        {
            all.Add("HEAD");
        }

        if (!all.Contains("OPTIONS"))
        {
            all.Add("OPTIONS");
        }

        return string.Join(", ", all);
    }
}
