namespace PipeServer.Tests.Server;

public sealed class BatchOverTlsTests() : BatchTests("epoll/sslstream");
