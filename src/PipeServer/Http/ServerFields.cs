namespace PipeServer.Http;

/// <summary>What a server says of itself in every response. Immutable.</summary>
/// <param name="Server">The value of the Server field (RFC 9110 §10.2.4); empty for no such field.</param>
/// <param name="HasDate">There is a Date field (§6.6.1).</param>
internal sealed record ServerFields(string Server, bool HasDate)
{
    /// <summary>The longest value of the Server field, in bytes: the block of an ordinary answer stays below 100 with it.</summary>
    public const int MaxServerBytes = 32;

    /// <summary>The defaults.</summary>
    public static ServerFields Default { get; } = new("PipeServer", HasDate: true);

    /// <summary>Whether a value of the Server field is none, or visible ASCII; spaces within, not at its ends.</summary>
    public static bool IsServer(string value) =>
        value.Length <= MaxServerBytes && value.All(static character => character is >= ' ' and <= '~') && value.Trim(' ').Length == value.Length;
}
