namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverOpenSslTests() : Http1ConnectionTests("epoll/openssl");
