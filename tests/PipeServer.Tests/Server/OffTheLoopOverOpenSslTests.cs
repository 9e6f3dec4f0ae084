namespace PipeServer.Tests.Server;

public sealed class OffTheLoopOverOpenSslTests() : OffTheLoopTests("epoll/openssl");
