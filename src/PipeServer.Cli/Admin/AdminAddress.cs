using System.Net;

namespace PipeServer.Cli.Admin;

/// <summary>
/// Where the admin side listens, as <c>--admin</c> says it: <c>9090</c>, which is 127.0.0.1:9090; <c>[::1]:9090</c>, <c>localhost:9090</c>,
/// <c>0.0.0.0:9090,host=admin.example.com</c>, <c>unix:PATH</c>, also with <c>,mode=660</c> and <c>,group=NAME</c>. Immutable.
/// </summary>
internal sealed class AdminAddress
{
    private const string Forms = "PORT, ADDRESS:PORT, [IPv6]:PORT, localhost:PORT or unix:PATH";
    private const string HostWord = ",host=";
    private const string UnixPrefix = "unix:";

    // The file is the one thing that keeps other users of the machine out: nobody else, unless somebody says so.
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode WithGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private AdminAddress(string text, HttpEndpoint endpoint, IReadOnlyList<string> names) => (Text, Endpoint, Names) = (text, endpoint, names);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The place. A unix socket that is a file has a mode: 600, or 660 where a group is named.</summary>
    public HttpEndpoint Endpoint { get; }

    /// <summary>Names that a Host field may have beside addresses and localhost.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>True for a unix socket, to which no browser connects.</summary>
    public bool IsUnix => Endpoint.UnixSocketPath is not null;

    /// <summary>True where other machines may reach it, so that a password is needed.</summary>
    public bool IsPublic => !IsUnix && !Endpoint.IsLocalhost && !IPAddress.IsLoopback(Endpoint.Address!.Value);

    /// <summary>Reads what the option says.</summary>
    /// <returns>What is wrong with it, in half a sentence; null when nothing is.</returns>
    public static string? TryParse(string text, out AdminAddress? address)
    {
        address = null;
        var isUnix = text.StartsWith(UnixPrefix, StringComparison.Ordinal);
        var names = new List<string>();
        var place = text;
        if (!isUnix)
        {
            var words = text.Split(HostWord);
            (place, names) = (words[0], [.. words.Skip(1)]);
            if (names.Find(static name => !IsName(name)) is { } other)
            {
                return $"host= takes a name as clients ask for it, without a port, and '{other}' is none";
            }
        }

        if (place.StartsWith("fd:", StringComparison.Ordinal))
        {
            return $"it must be {Forms}";
        }

        var first = place.Split(',')[0];
        var isPort = first.Length > 0 && first.All(char.IsAsciiDigit);
        if (HttpEndpointText.Read(isPort ? $"{IPAddress.Loopback}:{place}" : place, out var problem) is not { } endpoint)
        {
            return problem.StartsWith("it must be", StringComparison.Ordinal) ? $"it must be {Forms}"
                : problem.LastIndexOf(HttpEndpointText.OptionsAre, StringComparison.Ordinal) is > 0 and var end
                    ? $"{problem[..end]}{HttpEndpointText.OptionsAre}{(isUnix ? "mode=660 and group=NAME" : "host=NAME")}"
                : problem;
        }

        if (endpoint.ProxyProtocol)
        {
            return "the admin side does not speak the PROXY protocol: let the proxy connect without it";
        }

        if (endpoint.IsTls || endpoint.HttpsRedirectPort is not null)
        {
            return "the admin side speaks no TLS: reach it by ssh -L, or put a proxy in front of it";
        }

        if (endpoint.Protocols is not null)
        {
            return "the admin side speaks HTTP/1.1 alone: leave h2c out";
        }

        if (endpoint.HasSocketFile && !OperatingSystem.IsWindows())
        {
            endpoint.SocketMode ??= endpoint.SocketGroup is null ? OwnerOnly : WithGroup;
        }

        address = new AdminAddress(text, endpoint, names);
        return null;
    }

    private static bool IsName(string text) =>
        text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && text[0] is not ('.' or '-');
}
