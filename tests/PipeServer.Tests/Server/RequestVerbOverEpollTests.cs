namespace PipeServer.Tests.Server;

public sealed class RequestVerbOverEpollTests() : RequestVerbTests("epoll");
