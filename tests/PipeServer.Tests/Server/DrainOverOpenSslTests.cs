namespace PipeServer.Tests.Server;

public sealed class DrainOverOpenSslTests() : DrainTests("epoll/openssl");
