using System.Globalization;
using System.Text;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// What a listening socket is called in LISTEN_FDNAMES on its way from one generation of the program to the next. Its own ones by the place that the
/// configuration has for them, so that a free port is found again; those that a unit of systemd has passed keep their names.
/// </summary>
internal static class HandedOverName
{
    private const string Public = "place=";
    private const string Admin = "admin=";

    /// <summary>A socket of the public side.</summary>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="before">How many endpoints with the same place come before it.</param>
    public static string OfPublic(HttpEndpoint endpoint, int before) => Public + Escape(PlaceOf(endpoint)) + (before == 0 ? "" : "#" + before.ToString(CultureInfo.InvariantCulture));

    /// <summary>A socket of the admin side.</summary>
    public static string OfAdmin(HttpEndpoint endpoint) => Admin + Escape(PlaceOf(endpoint));

    /// <summary>True for a socket that the program has opened itself.</summary>
    public static bool IsOwn(string name) => name.StartsWith(Public, StringComparison.Ordinal) || name.StartsWith(Admin, StringComparison.Ordinal);

    /// <summary>The path of a unix socket that is a file; null for every other one.</summary>
    public static string? UnixPathOf(string name)
    {
        var place = IsOwn(name) ? Uri.UnescapeDataString(name[Public.Length..].Split('#')[0]) : "";
        return place.StartsWith("unix:", StringComparison.Ordinal) && !place.StartsWith("unix:@", StringComparison.Ordinal) ? place["unix:".Length..] : null;
    }

    /// <summary>Gives each endpoint its sockets.</summary>
    /// <param name="endpoints">The endpoints; those of passed sockets have theirs.</param>
    /// <param name="own">The sockets that the program has opened itself.</param>
    public static void Assign(IEnumerable<HttpEndpoint> endpoints, IReadOnlyList<PassedSocket> own)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints.Where(static endpoint => endpoint.Descriptor is null))
        {
            var name = OfPublic(endpoint, Count(seen, PlaceOf(endpoint)));
            endpoint.HandedOver = DescriptorsOf(own, name);
        }
    }

    /// <summary>The numbers of the sockets of a name.</summary>
    public static IReadOnlyList<int> DescriptorsOf(IReadOnlyList<PassedSocket> own, string name) =>
        [.. own.Where(socket => socket.Name == name).Select(static socket => socket.Descriptor)];

    /// <summary>How often a place was counted before.</summary>
    public static int Count(Dictionary<string, int> seen, string place)
    {
        var before = seen.GetValueOrDefault(place);
        seen[place] = before + 1;
        return before;
    }

    /// <summary>Where an endpoint listens, as the configuration says it, without its options.</summary>
    public static string PlaceOf(HttpEndpoint endpoint) => endpoint switch
    {
        { UnixSocketPath: { } path } => $"unix:{path}",
        { IsLocalhost: true } => string.Create(CultureInfo.InvariantCulture, $"localhost:{endpoint.Port}"),
        _ => endpoint.Place.ToString()!,
    };

    // A colon is between the names, # before the number.
    private static string Escape(string place)
    {
        var text = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(place))
        {
            _ = unit is > (byte)' ' and < 0x7F and not ((byte)':' or (byte)'%' or (byte)'#')
                ? text.Append((char)unit)
                : text.Append(CultureInfo.InvariantCulture, $"%{unit:X2}");
        }

        return text.ToString();
    }
}
