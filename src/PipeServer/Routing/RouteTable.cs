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
    private readonly RouteMatch _otherwise; // for a path that no route has
    private readonly RouteMatch _asterisk; // OPTIONS of the server as a whole
    private readonly RouteMatch _notAllowedByServer;
    private readonly RouteMatch _unknownMethod;
    private readonly RouteMatch _trace; // of a path that no route has
    private readonly FrozenSet<string> _methods;

    public RouteTable(IEnumerable<Route> routes, RouteHandler? fallback, bool fallbackTakesAnyMethod = false)
    {
        var all = routes.ToList();
        var literals = all.FindAll(static route => route.Pattern.IsLiteral);
        _literals = literals.Count == 0 ? null : new LiteralRoutes(literals);
        _patterns = [.. all.Where(static route => !route.Pattern.IsLiteral)
            .OrderBy(static route => route.Pattern.Shape, StringComparer.Ordinal)];
        _otherwise = fallback is null ? new RouteMatch(RouteOutcome.NotFound) : new RouteMatch(RouteOutcome.Found, fallback);
        _methods = all.SelectMany(static route => route.Methods).ToFrozenSet(StringComparer.Ordinal);
        var allow = Allow(fallback is null ? _methods : _methods.Append("GET"));
        _notAllowedByServer = new RouteMatch(RouteOutcome.MethodNotAllowed, Allow: allow);

        // RFC 9110 §9.3.8: TRACE would echo what intermediaries added, so no fallback gets it by accident.
        (_unknownMethod, _trace) = fallbackTakesAnyMethod ? (_otherwise, _otherwise) : (new RouteMatch(RouteOutcome.UnknownMethod), _notAllowedByServer);
        _asterisk = fallbackTakesAnyMethod ? _otherwise : new RouteMatch(RouteOutcome.Options, Allow: allow);
    }

    /// <summary>What answers a request.</summary>
    /// <param name="head">Its head, which is complete.</param>
    public RouteMatch Match(RequestHead head)
    {
        var method = head.Method;
        if (method == RequestMethod.Other || head.Target.Form > TargetForm.Absolute)
        {
            return Match(method, head.MethodBytes, head.Target.Form, head.Path);
        }

        var path = head.Path;
        var literal = _literals?.Find(path);
        return literal?.FindKnown(method)
            ?? (literal is null && _patterns.Length == 0 && method != RequestMethod.Trace ? _otherwise
                : head.IsExtendedConnect ? Match(RequestMethod.Get, default, head.Target.Form, path)
                : MatchPattern(literal, method, default, path));
    }

    /// <summary>The same by the parts of a head.</summary>
    public RouteMatch Match(RequestMethod method, ReadOnlySpan<byte> methodBytes, TargetForm form, ReadOnlySpan<byte> path)
    {
        if (form == TargetForm.Asterisk)
        {
            return _asterisk;
        }

        if (method == RequestMethod.Other && !_methods.Contains(Encoding.ASCII.GetString(methodBytes)))
        {
            return _unknownMethod;
        }

        if (form == TargetForm.Authority)
        {
            // CONNECT asks for a tunnel, which no path offers.
            return _notAllowedByServer;
        }

        var literal = _literals?.Find(path);
        return literal?.Find(method, methodBytes) ?? MatchPattern(literal, method, methodBytes, path);
    }

    private RouteMatch MatchPattern(Route? literal, RequestMethod method, ReadOnlySpan<byte> methodBytes, ReadOnlySpan<byte> path)
    {
        foreach (var route in _patterns)
        {
            if (route.Pattern.Matches(path) && route.Find(method, methodBytes) is { } found)
            {
                return found;
            }
        }

        return NoHandler(literal, method, path);
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

        return method == RequestMethod.Trace ? _trace : _otherwise;
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
