using System.Text;

namespace PipeServer.Http;

/// <summary>What proxies say of a request's client.</summary>
/// <param name="Address">The hop that counts; null where it is the peer itself, because nothing that it says names another one.</param>
/// <param name="Port">That hop's port; 0 where it is not told.</param>
/// <param name="IsHttps">That hop has asked by https.</param>
/// <param name="HasScheme">It is told by what that hop has asked.</param>
internal readonly record struct ForwardedClient(HostAddress? Address, int Port, bool IsHttps, bool HasScheme = false)
{
    /// <summary>How many elements of a list are looked at, from its end. No chain of proxies that anybody runs is longer.</summary>
    public const int MaxHops = 64;

    /// <summary>True for the name of the scheme https (RFC 3986 §3.1: in any case); every other one, also one that is not known, is not.</summary>
    public static bool IsHttpsScheme(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(name, "https"u8);
}
