using System.Net;
using System.Net.Sockets;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Admin;

/// <summary>What the options say of the admin side.</summary>
internal sealed class AdminSettings
{
    /// <summary>The value of <c>--admin</c>; null where there is to be none.</summary>
    public string? Place { get; set; }

    /// <summary>The file of those who may use it, or null.</summary>
    public string? AuthFile { get; set; }

    /// <summary>Where it listens; null where there is none, and before <see cref="TryOpen"/>.</summary>
    public AdminAddress? Address { get; private set; }

    /// <summary>Those who may use it; null for everybody who can connect, and before <see cref="TryOpen"/>.</summary>
    public BasicAuthentication? Users { get; private set; }

    /// <summary>Reads the file, and checks all that could make a start fail but for the address being taken.</summary>
    /// <param name="others">Where the public side listens.</param>
    /// <param name="before">The users so far, or null: their passwords that were right stay so.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryOpen(IEnumerable<HttpEndpoint> others, BasicAuthentication? before = null)
    {
        try
        {
            Users = AuthFile is null ? null : new BasicAuthentication(AuthFile, before);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return WholeWord.Replace(exception.Message.Split(" (Parameter")[0], nameof(StaticFileOptions.AuthFile), "--admin-auth-file");
        }

        if (Place is null)
        {
            return null;
        }

        if (AdminAddress.TryParse(Place, out var address) is { } problem)
        {
            return $"--admin {Place}: {problem}.";
        }

        if (others.Any(other => AreInEachOthersWay(other, address!.Endpoint)))
        {
            return $"--admin {Place}: the public side listens there. Choose another place for one of them.";
        }

        Address = address;
        return address!.IsPublic && Users is null
            ? $"--admin {Place}: other machines may reach that address, so a password is needed: name a file of users by --admin-auth-file "
                + "(htpasswd -B, openssl passwd -6), or listen on 127.0.0.1 or unix:PATH."
            : null;
    }

    // An address for all takes the port of each one: the system would name the port as another program's.
    internal static bool AreInEachOthersWay(HttpEndpoint one, HttpEndpoint other) => one.Port != 0
        && (one.Place.Equals(other.Place)
            || (one.Port == other.Port && one.Address is { } here && other.Address is { } there
                && (Covers(here, there) || Covers(there, here))));

    private static bool Covers(BindAddress address, BindAddress other) => address.IsLocalhost
        ? other.Value.Equals(IPAddress.Loopback) || other.Value.Equals(IPAddress.IPv6Loopback)
        : address.Value.Equals(IPAddress.IPv6Any)
            || (address.Value.Equals(IPAddress.Any) && (other.IsLocalhost || other.Value.AddressFamily == AddressFamily.InterNetwork));
}
