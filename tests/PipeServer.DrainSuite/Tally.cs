namespace PipeServer.DrainSuite;

/// <summary>What became of the requests of a scenario, counted by the clients.</summary>
internal sealed class Tally
{
    private int _sent;
    private int _answered;
    private int _refused;
    private int _lost;
    private int _reset;
    private int _retryable;

    /// <summary>Requests of which every byte was handed to the system.</summary>
    public int Sent => _sent;

    /// <summary>Those that were answered whole.</summary>
    public int Answered => _answered;

    /// <summary>Those that were never sent, because the client saw before that the server takes no more.</summary>
    public int RefusedBeforeSending => _refused;

    /// <summary>Sent, and the connection ended in order without a whole answer.</summary>
    public int Lost => _lost;

    /// <summary>Sent, and the connection was reset before a whole answer.</summary>
    public int Reset => _reset;

    /// <summary>Sent, and left by an HTTP/2 server to be sent again: beyond the last stream of its GOAWAY, or refused.</summary>
    public int Retryable => _retryable;

    /// <summary>How many WebSockets came about, each one request to the server, whatever goes over it; null where it is about requests alone.</summary>
    public int? WebSockets { get; set; }

    public void Add(RequestFate fate)
    {
        if (fate != RequestFate.RefusedBeforeSending)
        {
            Interlocked.Increment(ref _sent);
        }

        _ = fate switch
        {
            RequestFate.Answered => Interlocked.Increment(ref _answered),
            RequestFate.RefusedBeforeSending => Interlocked.Increment(ref _refused),
            RequestFate.Lost => Interlocked.Increment(ref _lost),
            RequestFate.Retryable => Interlocked.Increment(ref _retryable),
            _ => Interlocked.Increment(ref _reset),
        };
    }
}
