namespace PipeServer.Tests.Server;

public sealed class BatchOverOpenSslTests() : BatchTests("epoll/openssl");
