namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverTlsTests() : Http1ConnectionTests("epoll/sslstream");
