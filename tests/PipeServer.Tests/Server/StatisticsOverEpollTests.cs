namespace PipeServer.Tests.Server;

public sealed class StatisticsOverEpollTests() : StatisticsTests("epoll");
