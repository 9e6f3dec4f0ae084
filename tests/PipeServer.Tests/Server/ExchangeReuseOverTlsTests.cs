namespace PipeServer.Tests.Server;

public sealed class ExchangeReuseOverTlsTests() : ExchangeReuseTests("epoll/sslstream");
