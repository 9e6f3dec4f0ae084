using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>One pattern with its handlers by method.</summary>
internal sealed class Route(RoutePattern pattern)
{
    private readonly RouteHandler?[] _known = new RouteHandler?[Enum.GetValues<RequestMethod>().Length];
    private readonly List<(byte[] Method, RouteHandler Handler)> _others = [];

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
        if (known == RequestMethod.Other)
        {
            _others.Add((bytes, handler));
        }
        else
        {
            _known[(int)known] = handler;
        }

        Methods.Add(method);
        return true;
    }

    public RouteHandler? Find(RequestMethod method, ReadOnlySpan<byte> methodBytes, bool headFallsBackToGet = true)
    {
        if (method != RequestMethod.Other)
        {
            return _known[(int)method]
                ?? (method == RequestMethod.Head && headFallsBackToGet ? _known[(int)RequestMethod.Get] : null);
        }

        foreach (var (other, handler) in _others)
        {
            if (methodBytes.SequenceEqual(other))
            {
                return handler;
            }
        }

        return null;
    }
}
