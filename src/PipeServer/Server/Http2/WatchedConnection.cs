namespace PipeServer.Server.Http2;

/// <summary>An HTTP/2 connection as it is seen by people who watch the server, and by its log: from any thread, while the streams go on.</summary>
internal abstract class WatchedConnection(ServerContext server) : Connection(server)
{
    /// <summary>The streams that are neither closed nor reset.</summary>
    public StreamTable Streams { get; } = new();

    public override long OldestRequestStarted
    {
        get => StreamCensus.Oldest(this) ?? base.OldestRequestStarted;
        protected set => base.OldestRequestStarted = value;
    }

    public override void CountRequests(Span<long> methods) => StreamCensus.Count(this, methods);

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) => StreamCensus.Describe(this, Server, descriptions);

    public override void Observe(ICollection<RequestActivity> activities) => StreamCensus.Observe(this, activities);

    /// <summary>One stream as it is shown, if it is still in progress. From any thread.</summary>
    public RequestActivity? Observe(Http2Stream stream, string? worker)
    {
        var id = Id;
        var activity = StreamCensus.Observe(stream, Server, worker, ClientOfAnyThread());
        return id == Id ? activity : null;
    }
}
