namespace PipeServer.Tests.Server;

public sealed class ExchangeReuseOverEpollTests() : ExchangeReuseTests("epoll");
