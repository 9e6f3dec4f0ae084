namespace PipeServer.Transport;

/// <summary>
/// Takes what a waiting read has received, on the spot, so that its async method need not be resumed for it; see
/// <see cref="TransportConnection.ReadAsync"/>.
/// </summary>
internal interface IReadConsumer
{
    /// <summary>
    /// Takes what has come, from its first byte on. Called on the transport's thread, or on the one that has gone on with an earlier read by
    /// <see cref="TransportConnection.ContinueRead"/>; never by two threads at once, and never while an earlier read is kept. Must neither
    /// block nor throw, nor read from the connection, whose read is still in progress.
    /// </summary>
    /// <param name="array">Holds the bytes; valid until the consumer says that it has taken them.</param>
    /// <param name="start">Where they start.</param>
    /// <param name="length">How many there are: at least one.</param>
    /// <param name="next">Where in the array the first byte lies that is not taken; of no meaning when the bytes are kept.</param>
    /// <returns>How the read goes on.</returns>
    ReadConsumption Consume(byte[] array, int start, int length, out int next);
}
