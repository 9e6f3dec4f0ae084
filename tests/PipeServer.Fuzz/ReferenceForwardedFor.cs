using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace PipeServer.Fuzz;

/// <summary>A naive reader of X-Forwarded-For: splits, trims, and knows addresses by a regular expression and by the platform.</summary>
internal static partial class ReferenceForwardedFor
{
    /// <summary>What stands for nothing: the peer counts.</summary>
    public const string Peer = "-";

    /// <summary>The client with its port, or <see cref="Peer"/>.</summary>
    /// <param name="list">The values of all lines, with commas in between.</param>
    /// <param name="trusted">Networks and addresses of proxies, with spaces in between.</param>
    public static string Find(string list, string trusted)
    {
        var client = Peer;
        foreach (var hop in list.Split(',').Reverse().Take(64).Select(static hop => hop.Trim(' ', '\t')).Where(static hop => hop.Length > 0))
        {
            var match = Node().Match(hop);
            var port = match.Groups["port"].Success ? int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture) : 0;
            if (!match.Success || port > IPEndPoint.MaxPort || !IPAddress.TryParse(match.Groups["host"].Value, out var address))
            {
                break;
            }

            address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            client = new IPEndPoint(address, port).ToString();
            if (!trusted.Split(' ').Any(text => text.Contains('/', StringComparison.Ordinal) ? IPNetwork.Parse(text).Contains(address) : IPAddress.Parse(text).Equals(address)))
            {
                break;
            }
        }

        return client;
    }

    [GeneratedRegex(
        """
        ^(
          (?<host>((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))(:(?<port>[0-9]{1,5}))?
          | (?<host>([0-9a-fA-F]{0,4}:){2,8}([0-9a-fA-F]{0,4}|((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])))
          | \[(?<host>([0-9a-fA-F]{0,4}:){2,8}([0-9a-fA-F]{0,4}|((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])))\](:(?<port>[0-9]{1,5}))?
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Node();
}
