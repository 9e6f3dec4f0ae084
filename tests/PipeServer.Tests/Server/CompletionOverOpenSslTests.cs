namespace PipeServer.Tests.Server;

public sealed class CompletionOverOpenSslTests() : CompletionTests("epoll/openssl");
