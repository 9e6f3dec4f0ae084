using System.Numerics;

namespace PipeServer.WebSockets;

/// <summary>The mask of what clients send (RFC 6455 §5.3).</summary>
internal static class FrameMask
{
    /// <summary>Copies bytes, and takes the mask off them.</summary>
    /// <param name="source">The bytes as they came.</param>
    /// <param name="destination">Gets them; at least as long.</param>
    /// <param name="mask">The four bytes of the mask, the first one lowest.</param>
    /// <param name="at">How many bytes of the frame's payload came before these; only its remainder by four counts.</param>
    public static void Copy(ReadOnlySpan<byte> source, Span<byte> destination, uint mask, long at)
    {
        var rolled = BitOperations.RotateRight(mask, (int)(at & 3) * 8);
        var i = 0;
        if (Vector.IsHardwareAccelerated)
        {
            var wide = Vector.AsVectorByte(new Vector<uint>(rolled));
            for (; i <= source.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            {
                (new Vector<byte>(source[i..]) ^ wide).CopyTo(destination[i..]);
            }
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (byte)(source[i] ^ (rolled >> ((i & 3) * 8)));
        }
    }
}
