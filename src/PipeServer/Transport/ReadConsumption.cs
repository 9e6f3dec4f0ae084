namespace PipeServer.Transport;

/// <summary>How a read goes on whose bytes were offered to an <see cref="IReadConsumer"/>.</summary>
internal enum ReadConsumption
{
    /// <summary>All is taken: the read waits for more, and its caller learns nothing.</summary>
    All,

    /// <summary>The caller of the read gets what is left, and is resumed even where that is nothing, or where the connection is aborted.</summary>
    Some,

    /// <summary>
    /// The consumer goes on elsewhere, and keeps the bytes and the read until it calls <see cref="TransportConnection.ContinueRead"/>, which may
    /// have happened already.
    /// </summary>
    Kept,
}
