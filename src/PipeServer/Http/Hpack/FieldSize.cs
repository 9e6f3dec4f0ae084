namespace PipeServer.Http.Hpack;

/// <summary>
/// The size of a list of fields as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 §6.5.2), and when it is one that nobody goes on with. Pure.
/// </summary>
internal static class FieldSize
{
    /// <summary>What no client sends but to do harm, wherever a head may have less: 256 KiB.</summary>
    public const int LeastBomb = BombFactor * 32 * 1024;

    private const int Overhead = 32;
    private const int Most = int.MaxValue / 2;

    // One byte of a block may stand for a field of 4 KiB. What is too large is decoded on for the table's sake, but not without an end.
    private const int BombFactor = 8;

    /// <summary>The size with one field more; never beyond what an int has.</summary>
    public static int Add(int size, in HpackField field) => Math.Min(size, Most - Overhead) + Math.Min(field.Length, Most) + Overhead;

    /// <summary>True where the connection is to end (RFC 9113 §4.3) rather than that the rest is decoded.</summary>
    /// <param name="size">The size so far.</param>
    /// <param name="limit">What the list may have.</param>
    public static bool IsBomb(int size, int limit) => size > LeastBomb && size / BombFactor > limit;
}
