using System.Buffers;

namespace PipeServer.Cli;

/// <summary>The variables that Kubernetes sets in every pod for each service, by the form of their names.</summary>
internal static class ServiceVariables
{
    private static readonly SearchValues<char> OfNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    private static readonly string[] Protocols = ["_TCP", "_UDP", "_SCTP"];
    private static readonly string[] Parts = ["_PROTO", "_PORT", "_ADDR"];

    /// <summary>
    /// True for <c>X_SERVICE_HOST</c>, <c>X_SERVICE_PORT</c> and <c>X_SERVICE_PORT_NAME</c>, and for what Docker's links began:
    /// <c>X_PORT_80_TCP</c>, with <c>_PROTO</c>, <c>_PORT</c> or <c>_ADDR</c> behind it or nothing.
    /// </summary>
    public static bool IsOne(string name) =>
        name.EndsWith("_SERVICE_HOST", StringComparison.Ordinal) || name.EndsWith("_SERVICE_PORT", StringComparison.Ordinal)
        || IsNamedPort(name) || IsLink(name);

    private static bool IsNamedPort(ReadOnlySpan<char> name)
    {
        const string Mark = "_SERVICE_PORT_";
        for (var at = name.IndexOf(Mark); at >= 0; at = name.IndexOf(Mark))
        {
            name = name[(at + Mark.Length)..];
            if (!name.IsEmpty && name.IndexOfAnyExcept(OfNames) < 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLink(ReadOnlySpan<char> name)
    {
        TryCut(ref name, Parts);
        if (!TryCut(ref name, Protocols))
        {
            return false;
        }

        var port = name.TrimEnd("0123456789");
        return port.Length < name.Length && port.EndsWith("_PORT_");
    }

    private static bool TryCut(ref ReadOnlySpan<char> name, string[] ends)
    {
        foreach (var end in ends)
        {
            if (name.EndsWith(end))
            {
                name = name[..^end.Length];
                return true;
            }
        }

        return false;
    }
}
