namespace PipeServer.Tests.Server;

public sealed class ExchangeReuseOverOpenSslTests() : ExchangeReuseTests("epoll/openssl");
