using System.Text;

namespace PipeServer.Cli.AccessLog;

/// <summary>A pattern for paths: <c>*</c> stands for any bytes, slashes too. Case counts. Immutable.</summary>
internal sealed class PathPattern(string text)
{
    private readonly byte[] _pattern = Encoding.UTF8.GetBytes(text);

    /// <summary>Whether a decoded path is meant.</summary>
    public bool Matches(ReadOnlySpan<byte> path)
    {
        // The last star takes as much as is needed: going back to it alone is enough.
        var (at, rest, star, restAtStar) = (0, 0, -1, 0);
        while (rest < path.Length)
        {
            if (at < _pattern.Length && _pattern[at] == '*')
            {
                (star, restAtStar) = (at++, rest);
            }
            else if (at < _pattern.Length && _pattern[at] == path[rest])
            {
                at++;
                rest++;
            }
            else if (star >= 0)
            {
                (at, rest) = (star + 1, ++restAtStar);
            }
            else
            {
                return false;
            }
        }

        return _pattern.AsSpan(at).TrimStart((byte)'*').IsEmpty;
    }
}
