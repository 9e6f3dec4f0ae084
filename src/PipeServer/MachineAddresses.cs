using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>The addresses of this machine at which a socket that listens on all of them is reached.</summary>
internal static class MachineAddresses
{
    // Of each family, loopback among them: a machine with containers has dozens, and nobody reads so many lines.
    private const int Most = 8;

    /// <summary>The end point as a client names it; one that stands for all addresses as each of the machine's own, loopback first.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="scheme">What is spoken there.</param>
    public static IEnumerable<string> Of(EndPoint endPoint, string scheme = "http") => endPoint switch
    {
        IPEndPoint ip when StandsForAll(ip) => Expand(ip, Own()).Select(place => $"{scheme}://{place}"),
        IPEndPoint ip => [$"{scheme}://{ip}"],
        UnixDomainSocketEndPoint unix => [$"unix:{unix.ToString().Replace('\0', '@')}"], // a passed name may have a NUL; the system writes it so
        _ => [endPoint.ToString() ?? ""],
    };

    /// <summary>An end point that stands for all addresses as each that the machine has, loopback first; any other as it is.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="own">The addresses of the machine.</param>
    public static IReadOnlyList<IPEndPoint> Expand(IPEndPoint endPoint, IReadOnlyList<IPAddress> own)
    {
        AddressFamily[] families = endPoint is IPv6OnlyEndPoint || !endPoint.Address.Equals(IPAddress.IPv6Any)
            ? [endPoint.AddressFamily]
            : [AddressFamily.InterNetworkV6, AddressFamily.InterNetwork];
        List<IPEndPoint> places = [.. families.SelectMany(family => own
            .Where(address => address.AddressFamily == family)
            .OrderBy(static address => !IPAddress.IsLoopback(address))
            .Distinct()
            .Take(Most)
            .Select(address => new IPEndPoint(address, endPoint.Port)))];
        var loopback = endPoint.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        return places.Count > 0 ? places : [new IPEndPoint(loopback, endPoint.Port)];
    }

    private static bool StandsForAll(IPEndPoint endPoint) => endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// The addresses of its interfaces. Those of the loopback interface too: a machine without IPv6 has no ::1, and some have an address of their own there.
    /// </summary>
    public static IReadOnlyList<IPAddress> Own()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(static network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
                .Select(static item => item.Address)
                .Where(static address => address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback)
                    || (!IPAddress.IsLoopback(address) && !IsLinkLocal(address)))];
        }
        catch (Exception exception) when (
            exception is NetworkInformationException or PlatformNotSupportedException or IOException or UnauthorizedAccessException)
        {
            return [IPAddress.Loopback, IPAddress.IPv6Loopback]; // the system does not tell
        }
    }

    // RFC 3927 and RFC 4291 §2.5.6: of use on one link only, and over IPv6 not without the name of an interface, which no URL carries.
    private static bool IsLinkLocal(IPAddress address) =>
        address.IsIPv6LinkLocal || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..]);
}
