namespace PipeServer.Tests.Server;

public sealed class RequestValuesOverEpollTests() : RequestValuesTests("epoll");
