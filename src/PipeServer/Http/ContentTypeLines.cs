namespace PipeServer.Http;

/// <summary>
/// The Content-Type lines that handlers set, encoded once: a table of fixed size, by the value's text. Any thread may look into it and add
/// to it.
/// </summary>
/// <remarks>
/// A value has one place, by its length and three of its characters. Where another value has that place, one miss in
/// <see cref="MissesBeforeReplacing"/> takes it: values that change with each request, a client's among them, hardly push out those of every
/// request, and cost nearly no memory.
/// </remarks>
internal static class ContentTypeLines
{
    private const int Places = 64;
    private const int MissesBeforeReplacing = 64;

    // Media types with their parameters are shorter; a multipart boundary may be longer, and is a new one each time.
    private const int MaxValueLength = 128;

    private static readonly ContentTypeLine?[] Lines = new ContentTypeLine?[Places];

    private static uint _misses; // about: threads may lose each other's

    /// <summary>The line of a value that was added, or null.</summary>
    public static ContentTypeLine? Find(string value)
    {
        var line = Lines[PlaceOf(value)];
        return line is not null && line.Value == value ? line : null;
    }

    /// <summary>Adds a value that <see cref="Find"/> has not found, if its place is free or it is time to replace what is there.</summary>
    /// <param name="value">As the handler gives it.</param>
    /// <param name="encoded">The value as it is sent, validated.</param>
    public static void Offer(string value, ReadOnlySpan<byte> encoded)
    {
        ref var place = ref Lines[PlaceOf(value)];
        if (value.Length <= MaxValueLength && (place is null || ++_misses % MissesBeforeReplacing == 0))
        {
            place = new ContentTypeLine(value, encoded);
        }
    }

    private static int PlaceOf(string value) => value.Length == 0
        ? 0
        : (value.Length + (value[0] * 3) + (value[value.Length / 2] * 5) + (value[^1] * 7)) & (Places - 1);
}
