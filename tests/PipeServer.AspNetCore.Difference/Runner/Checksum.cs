using System.Globalization;

namespace Difference.Runner;

/// <summary>A checksum of long bodies, which tells a part that is lost, doubled or in another place.</summary>
internal struct Checksum
{
    private ulong _sum;

    /// <summary>The checksum of some bytes, in hexadecimal.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = default(Checksum);
        checksum.Add(bytes);
        return checksum.ToString();
    }

    /// <summary>Adds the bytes that come next; how they are divided makes no difference.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            _sum = (_sum * 1099511628211) + value + 1;
        }
    }

    public override readonly string ToString() => _sum.ToString("x16", CultureInfo.InvariantCulture);
}
