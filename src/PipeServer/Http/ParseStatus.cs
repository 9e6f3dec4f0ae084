namespace PipeServer.Http;

/// <summary>What <see cref="RequestParser"/> found.</summary>
internal enum ParseStatus : byte
{
    /// <summary>A valid head, <see cref="RequestHead.ByteLength"/> bytes long; its fields are set.</summary>
    Complete,

    /// <summary>Everything so far could become a valid head.</summary>
    NeedMoreData,

    /// <summary>Nothing that follows can make this a valid head; <see cref="RequestHead.Error"/> says why.</summary>
    Invalid,
}
