using System.Text;
using PipeServer.Http;

namespace PipeServer.Routing;

/// <summary>One pattern with its handlers by method.</summary>
internal sealed class Route(RoutePattern pattern)
{
    private readonly Endpoint?[] _known = new Endpoint?[Enum.GetValues<RequestMethod>().Length];
    private readonly List<(byte[] Method, Endpoint Endpoint)> _others = [];

    public RoutePattern Pattern { get; } = pattern;

    /// <summary>The methods that this route answers, those that follow from others included, in their order of mapping.</summary>
    public List<string> Methods { get; } = [];

    public bool TryAdd(string method, Endpoint endpoint)
    {
        var bytes = Encoding.ASCII.GetBytes(method);
        if (Find(RequestMethods.Find(bytes), bytes, headFallsBackToGet: false) is not null)
        {
            return false;
        }

        var known = RequestMethods.Find(bytes);
        if (known == RequestMethod.Other)
        {
            _others.Add((bytes, endpoint));
        }
        else
        {
            _known[(int)known] = endpoint;
        }

        Methods.Add(method);
        return true;
    }

    public Endpoint? Find(RequestMethod method, ReadOnlySpan<byte> methodBytes, bool headFallsBackToGet = true)
    {
        if (method != RequestMethod.Other)
        {
            return _known[(int)method]
                ?? (method == RequestMethod.Head && headFallsBackToGet ? _known[(int)RequestMethod.Get] : null);
        }

        foreach (var (other, endpoint) in _others)
        {
            if (methodBytes.SequenceEqual(other))
            {
                return endpoint;
            }
        }

        return null;
    }
}
