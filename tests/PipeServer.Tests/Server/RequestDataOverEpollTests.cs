namespace PipeServer.Tests.Server;

public sealed class RequestDataOverEpollTests() : RequestDataTests("epoll");
