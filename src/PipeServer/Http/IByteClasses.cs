namespace PipeServer.Http;

/// <summary>
/// What <see cref="OrdinaryHead"/> asks of 32 bytes at a time. Each answer has one bit for each byte, the lowest for the first. There is an
/// implementation for processors with AVX2, and one for all others; both give the same answers.
/// </summary>
// SAFETY: each method reads the 32 bytes from its address on, and nothing else. The caller has to know that they can be read.
internal unsafe interface IByteClasses
{
    /// <summary>Bytes that no token has: <see cref="HttpCharacters.Token"/>.</summary>
    static abstract uint NotToken(byte* at);

    /// <summary>Bytes that end a path, or keep it from being one that stands as it was sent: <see cref="ByteClassRows.Path"/>.</summary>
    static abstract uint NotPath(byte* at);

    /// <summary>Bytes that no query has: <see cref="HttpCharacters.Target"/>.</summary>
    static abstract uint NotQuery(byte* at);

    /// <summary>Bytes that no registered name has without escapes: <see cref="ByteClassRows.Host"/>.</summary>
    static abstract uint NotHost(byte* at);

    /// <summary>Bytes that are neither visible ASCII nor a space.</summary>
    static abstract uint NotPrintable(byte* at);

    /// <summary>Dots with a slash before them. The byte before the 32 is read too.</summary>
    static abstract uint DotsBehindSlashes(byte* at);
}
