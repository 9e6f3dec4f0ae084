namespace PipeServer.Tests.Server;

public sealed class AbortOverTlsTests() : AbortTests("epoll/sslstream");
