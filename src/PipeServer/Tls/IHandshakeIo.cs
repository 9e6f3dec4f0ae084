using System.IO.Pipelines;

namespace PipeServer.Tls;

/// <summary>What a handshake is done with: the records of both sides, a deadline, and threads for what is costly.</summary>
internal interface IHandshakeIo
{
    /// <summary>
    /// Waits for bytes of the client, and goes on with them on a thread of handshakes, or where they have come. Advance the connection's
    /// <see cref="PipeReader"/> afterwards, as after its own read. Never empty.
    /// </summary>
    /// <param name="isCostly">What follows takes more than a few microseconds: a signature, a key agreement, a certificate's check.</param>
    /// <exception cref="TlsHandshakeException">The client's time is up, or it has ended.</exception>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    ValueTask<ReadResult> ReadAsync(bool isCostly);

    /// <summary>Sends what is written to the connection's <see cref="PipeWriter"/>. The client's time to read it is limited.</summary>
    /// <exception cref="IOException">The client is gone.</exception>
    ValueTask FlushAsync();
}
