namespace PipeServer.Server.Http2;

/// <summary>What a request's body asks of its stream: the limits of its request, the time, and the way to the owner of the connection's output.</summary>
internal interface IBodyHost
{
    /// <summary>What the body may have at most, in bytes.</summary>
    long MaxBodyBytes { get; }

    /// <summary>The least rate, in bytes a second; 0: any.</summary>
    int MinBodyDataRate { get; }

    /// <summary>How long a read may wait.</summary>
    TimeSpan BodyTimeout { get; }

    /// <summary>Gives the times.</summary>
    Heartbeat Heartbeat { get; }

    /// <summary>The window of the connection.</summary>
    ConnectionWindow Window { get; }

    /// <summary>The owner of the connection's output is to look at the stream. From any thread.</summary>
    void Signal();
}
