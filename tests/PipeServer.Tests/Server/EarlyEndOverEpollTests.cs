namespace PipeServer.Tests.Server;

public sealed class EarlyEndOverEpollTests() : EarlyEndTests("epoll");
