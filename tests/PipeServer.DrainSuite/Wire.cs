namespace PipeServer.DrainSuite;

/// <summary>What carries a client's bytes: TCP alone, or TLS over it.</summary>
internal abstract class Wire : IDisposable
{
    /// <summary>The server ended it in the order of the protocol: with TLS, by a close_notify before the end of the stream (RFC 8446 §6.1).</summary>
    public abstract bool HasEndedInOrder { get; }

    /// <summary>Waits until bytes can be sent.</summary>
    /// <exception cref="IOException">The server has ended or reset the connection before.</exception>
    public abstract Task OpenAsync();

    /// <exception cref="IOException">The connection does not take it any more.</exception>
    public abstract Task SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Waits for bytes; 0 at the end.</summary>
    /// <exception cref="IOException">The connection was reset, or cut within a record.</exception>
    public abstract Task<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>
    /// True when all that the system has received says that the server has ended the connection. No answer is outstanding: nothing else is to come.
    /// </summary>
    public abstract ValueTask<bool> IsEndedAsync();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
