namespace PipeServer.Tests.Server;

public sealed class DrainOverTlsTests() : DrainTests("epoll/sslstream");
