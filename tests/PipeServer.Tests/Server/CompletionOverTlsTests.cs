namespace PipeServer.Tests.Server;

public sealed class CompletionOverTlsTests() : CompletionTests("epoll/sslstream");
