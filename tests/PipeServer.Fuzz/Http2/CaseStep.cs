namespace PipeServer.Fuzz.Http2;

/// <summary>What a case sends, or waits for, next.</summary>
/// <param name="Frame">A frame to send.</param>
/// <param name="Raw">Bytes to send.</param>
/// <param name="AwaitedStream">A stream whose end is awaited.</param>
/// <param name="AwaitedBytes">How many bytes of it are awaited instead; 0 for its end.</param>
internal sealed record CaseStep(Http2Frame? Frame = null, byte[]? Raw = null, int AwaitedStream = 0, int AwaitedBytes = 0)
{
    /// <summary>What is awaited by a PING and its answer.</summary>
    public static CaseStep Barrier { get; } = new();

    /// <summary>The bytes to send; empty where something is awaited.</summary>
    public byte[] Bytes => Frame?.Encode() ?? Raw ?? [];

    /// <summary>Nothing is sent.</summary>
    public bool IsWait => Frame is null && Raw is null;

    public static implicit operator CaseStep(Http2Frame frame) => new(frame);

    /// <summary>So many bytes of the first stream are awaited.</summary>
    public static CaseStep Received(int bytes) => new(AwaitedStream: 1, AwaitedBytes: bytes);

    /// <summary>The end of a stream is awaited.</summary>
    public static CaseStep Over(int stream) => new(AwaitedStream: stream);
}
