namespace PipeServer.Http;

/// <summary>What <see cref="ChunkedDecoder.Decode"/> found.</summary>
internal enum ChunkedStatus : byte
{
    /// <summary>Some of the body's data; call again for what follows it.</summary>
    Data,

    /// <summary>All input is consumed and the body goes on.</summary>
    NeedMoreData,

    /// <summary>The body has ended, its trailer section included.</summary>
    Complete,

    /// <summary>This is not a chunked body; <see cref="ChunkedDecoder.Error"/> says why.</summary>
    Invalid,
}
