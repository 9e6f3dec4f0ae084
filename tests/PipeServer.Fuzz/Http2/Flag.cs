namespace PipeServer.Fuzz.Http2;

/// <summary>The flags of frames.</summary>
internal static class Flag
{
    public const byte None = 0;
    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;
    public const byte Priority = 32;

    /// <summary>Of a head without a body.</summary>
    public const byte EndBoth = EndStream | EndHeaders;
}
