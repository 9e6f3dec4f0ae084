namespace PipeServer.Tests.Server;

public sealed class ForwardedClientOverTlsTests() : ForwardedClientTests("epoll/sslstream");
