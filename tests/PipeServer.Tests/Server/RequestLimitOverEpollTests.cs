namespace PipeServer.Tests.Server;

public sealed class RequestLimitOverEpollTests() : RequestLimitTests("epoll");
