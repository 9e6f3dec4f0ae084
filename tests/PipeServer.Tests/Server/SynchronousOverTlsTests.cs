namespace PipeServer.Tests.Server;

public sealed class SynchronousOverTlsTests() : SynchronousTests("epoll/sslstream");
