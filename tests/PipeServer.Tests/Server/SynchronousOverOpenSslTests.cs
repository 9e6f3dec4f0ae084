namespace PipeServer.Tests.Server;

public sealed class SynchronousOverOpenSslTests() : SynchronousTests("epoll/openssl");
