namespace PipeServer.Tests.Server;

public sealed class AbortOverOpenSslTests() : AbortTests("epoll/openssl");
