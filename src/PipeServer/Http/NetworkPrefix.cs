using System.Net;

namespace PipeServer.Http;

/// <summary>A network (RFC 4632, RFC 4291 §2.3): its address and how many bits of it count. One of IPv6 holds no IPv4 address.</summary>
internal readonly struct NetworkPrefix
{
    private const int AddressBits = 128;
    private const int MappedBits = 96;

    private readonly UInt128 _value;
    private readonly UInt128 _mask;
    private readonly bool _isIPv4;

    /// <summary>The same network.</summary>
    public NetworkPrefix(IPNetwork network)
    {
        var address = network.BaseAddress;
        Span<byte> bytes = stackalloc byte[AddressBits / 8];
        address.TryWriteBytes(bytes, out var written);
        var bits = network.PrefixLength + (written < bytes.Length ? MappedBits : 0);
        _mask = bits == 0 ? 0 : UInt128.MaxValue << (AddressBits - bits);
        _value = HostAddress.Of(address).Value & _mask;
        _isIPv4 = bits >= MappedBits && new HostAddress(_value).IsIPv4;
    }

    /// <summary>Whether one of some networks holds an address.</summary>
    public static bool AnyIncludes(ReadOnlySpan<NetworkPrefix> networks, HostAddress address)
    {
        foreach (ref readonly var network in networks)
        {
            if (network.Includes(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether it holds an address.</summary>
    public bool Includes(HostAddress address) => (address.Value & _mask) == _value && address.IsIPv4 == _isIPv4;
}
