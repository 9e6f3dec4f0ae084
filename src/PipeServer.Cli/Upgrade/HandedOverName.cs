using System.Globalization;
using System.Text;
using PipeServer.Cli.Admin;

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
    public static string OfPublic(HttpEndpoint endpoint, int before) =>
        Public + Escape(PlaceOf(endpoint)) + (before == 0 ? "" : "#" + before.ToString(CultureInfo.InvariantCulture));

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

    /// <summary>Gives each endpoint of the public side the sockets that were opened for its place by the process whose place this one takes.</summary>
    /// <param name="passed">All sockets that this process was given, or null.</param>
    /// <param name="options">The server's options, whose endpoints are known; those of a unit of systemd have their sockets.</param>
    /// <param name="usesSockets">The server is to run over the sockets transport.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? Resolve(IReadOnlyList<PassedSocket>? passed, HttpServerOptions options, bool usesSockets)
    {
        if (passed?.Any(static socket => IsOwn(socket.Name)) != true)
        {
            return null;
        }

        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        List<HttpEndpoint> all = [.. options.EffectiveEndpoints()];
        foreach (var endpoint in all.Where(static endpoint => endpoint.Descriptor is null))
        {
            endpoint.HandedOver = DescriptorsOf(passed, OfPublic(endpoint, Count(seen, PlaceOf(endpoint))));
        }

        options.Endpoints = all;
        return usesSockets ? "--transport sockets takes no sockets over from a process that serves. Stop that one, and start this one." : null;
    }

    /// <summary>The same for the admin side.</summary>
    public static void Resolve(IReadOnlyList<PassedSocket>? passed, AdminAddress? address)
    {
        if (passed is not null && address is not null)
        {
            address.Endpoint.HandedOver = DescriptorsOf(passed, OfAdmin(address.Endpoint));
        }
    }

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

    private static IReadOnlyList<int> DescriptorsOf(IReadOnlyList<PassedSocket> passed, string name) =>
        [.. passed.Where(socket => socket.Name == name).Select(static socket => socket.Descriptor)];

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
