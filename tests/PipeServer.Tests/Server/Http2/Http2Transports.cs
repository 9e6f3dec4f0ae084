namespace PipeServer.Tests.Server.Http2;

/// <summary>What the suites of raw frames run over.</summary>
public static class Http2Transports
{
    /// <summary>Every transport, and TLS by either engine.</summary>
    public static TheoryData<string> All => ["memory", "epoll", "sockets", "epoll/openssl", "epoll/sslstream"];

    /// <summary>Those without TLS.</summary>
    public static TheoryData<string> Plain => ["memory", "epoll", "sockets"];
}
