namespace PipeServer;

/// <summary>
/// A body that a <see cref="PreparedResponse"/> does not keep in memory: it is fetched into the connection's own for each response. For
/// <see cref="HttpResponse.TrySend"/>. Any number of threads may read from it at once.
/// </summary>
public interface IBodySource
{
    /// <summary>How many bytes the body has, 0 to <see cref="PreparedResponse.MaxSourceBytes"/>; always the same.</summary>
    int Length { get; }

    /// <summary>Fetches the whole body, without waiting for anything: this is called on the threads that serve all other connections.</summary>
    /// <param name="destination">Where to: <see cref="Length"/> bytes. What is there afterwards does not matter if it is not sent.</param>
    /// <returns>False when the body is not to be had without waiting, or is no longer what the head says. Then nothing is sent.</returns>
    bool TryRead(Span<byte> destination);
}
