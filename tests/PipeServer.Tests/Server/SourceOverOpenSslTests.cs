namespace PipeServer.Tests.Server;

public sealed class SourceOverOpenSslTests() : SourceTests("epoll/openssl");
