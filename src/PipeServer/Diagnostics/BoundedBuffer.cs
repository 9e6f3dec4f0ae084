namespace PipeServer.Diagnostics;

/// <summary>The growth of a queue of bytes that has a bound.</summary>
internal static class BoundedBuffer
{
    /// <summary>Makes room, by doubling.</summary>
    /// <param name="buffer">The queue, which is replaced by a larger one where it has to grow.</param>
    /// <param name="needed">How many bytes it must hold.</param>
    /// <param name="least">How many it holds at least, once it holds any.</param>
    /// <param name="most">How many it may hold.</param>
    /// <returns>False where that is too many, or there is no memory: a log must not end what it reports on.</returns>
    public static bool TryReserve(ref byte[] buffer, int needed, int least, int most)
    {
        if (needed <= buffer.Length)
        {
            return true;
        }

        if (needed > most)
        {
            return false;
        }

        try
        {
            Array.Resize(ref buffer, Math.Min(most, Math.Max(needed, Math.Max(least, buffer.Length * 2))));
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }
}
