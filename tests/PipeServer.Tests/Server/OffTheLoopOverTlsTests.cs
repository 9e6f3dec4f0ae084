namespace PipeServer.Tests.Server;

public sealed class OffTheLoopOverTlsTests() : OffTheLoopTests("epoll/sslstream");
