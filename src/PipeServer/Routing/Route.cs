using System.Runtime.CompilerServices;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>One pattern with its handlers by method.</summary>
internal sealed class Route(RoutePattern pattern)
{
    private readonly RouteMatch?[] _known = new RouteMatch?[Enum.GetValues<RequestMethod>().Length];
    private readonly List<(byte[] Method, RouteMatch Match)> _others = [];

    public RoutePattern Pattern { get; } = pattern;

    /// <summary>The methods that this route answers, those that follow from others included, in their order of mapping.</summary>
    public List<string> Methods { get; } = [];

    public bool TryAdd(string method, RouteHandler handler)
    {
        var bytes = Encoding.ASCII.GetBytes(method);
        if (Find(RequestMethods.Find(bytes), bytes, headFallsBackToGet: false) is not null)
        {
            return false;
        }

        var known = RequestMethods.Find(bytes);
        var match = new RouteMatch(RouteOutcome.Found, handler, Pattern);
        if (known == RequestMethod.Other)
        {
            _others.Add((bytes, match));
        }
        else
        {
            _known[(int)known] = match;
        }

        Methods.Add(method);
        return true;
    }

    /// <summary>Puts something in front of each handler.</summary>
    public void Guard(Func<RouteHandler, RouteHandler> guard)
    {
        for (var i = 0; i < _known.Length; i++)
        {
            _known[i] = _known[i] is { Handler: { } handler } match ? match with { Handler = guard(handler) } : null;
        }

        for (var i = 0; i < _others.Count; i++)
        {
            var (method, match) = _others[i];
            _others[i] = (method, match with { Handler = guard(match.Handler!) });
        }
    }

    /// <summary>What answers a method that the server knows, or null. GET answers HEAD.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RouteMatch? FindKnown(RequestMethod method) =>
        _known[(int)method] ?? (method == RequestMethod.Head ? _known[(int)RequestMethod.Get] : null);

    /// <summary>What answers a method, or null.</summary>
    public RouteMatch? Find(RequestMethod method, ReadOnlySpan<byte> methodBytes, bool headFallsBackToGet = true)
    {
        if (method != RequestMethod.Other)
        {
            return headFallsBackToGet ? FindKnown(method) : _known[(int)method];
        }

        foreach (var (other, match) in _others)
        {
            if (methodBytes.SequenceEqual(other))
            {
                return match;
            }
        }

        return null;
    }
}
