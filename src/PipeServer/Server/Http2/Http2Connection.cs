namespace PipeServer.Server.Http2;

/// <summary>A connection of HTTP/2.</summary>
internal sealed class Http2Connection(ServerContext server) : Connection(server)
{
    public override void Detach() => throw new NotSupportedException();

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) => throw new NotSupportedException();

    protected override Task ServeAsync() => throw new NotSupportedException();
}
