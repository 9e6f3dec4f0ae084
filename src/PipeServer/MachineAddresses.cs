using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>The addresses of this machine at which a socket that listens on all of them is reached.</summary>
internal static class MachineAddresses
{
    // Of each kind, loopback among them: a machine with containers has dozens, and nobody reads so many lines.
    private const int Most = 8;

    /// <summary>The end point as a client names it; one that stands for all addresses as each of the machine's own, loopback first.</summary>
    public static IEnumerable<string> Of(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => Expand(ip).Select(static place => $"http://{place}"),
        UnixDomainSocketEndPoint unix => [$"unix:{unix.ToString().Replace('\0', '@')}"], // a passed name may have a NUL; the system writes it so
        _ => [endPoint.ToString() ?? ""],
    };

    private static IEnumerable<IPEndPoint> Expand(IPEndPoint endPoint)
    {
        if (endPoint.Address.Equals(IPAddress.Any))
        {
            return All(endPoint.Port, AddressFamily.InterNetwork, IPAddress.Loopback);
        }

        if (!endPoint.Address.Equals(IPAddress.IPv6Any))
        {
            return [endPoint];
        }

        var places = All(endPoint.Port, AddressFamily.InterNetworkV6, IPAddress.IPv6Loopback);
        return endPoint is IPv6OnlyEndPoint ? places : places.Concat(All(endPoint.Port, AddressFamily.InterNetwork, IPAddress.Loopback));
    }

    private static IEnumerable<IPEndPoint> All(int port, AddressFamily family, IPAddress loopback) => Own()
        .Where(address => address.AddressFamily == family)
        .Prepend(loopback)
        .Distinct()
        .Take(Most)
        .Select(address => new IPEndPoint(address, port));

    private static List<IPAddress> Own()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(static network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .Where(static network => network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
                .Select(static item => item.Address)
                .Where(static address => !IPAddress.IsLoopback(address) && !IsLinkLocal(address))];
        }
        catch (Exception exception) when (
            exception is NetworkInformationException or PlatformNotSupportedException or IOException or UnauthorizedAccessException)
        {
            return []; // the system does not tell: loopback is there in any case
        }
    }

    // RFC 3927 and RFC 4291 §2.5.6: of use on one link only, and over IPv6 not without the name of an interface, which no URL carries.
    private static bool IsLinkLocal(IPAddress address) =>
        address.IsIPv6LinkLocal || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..]);
}
