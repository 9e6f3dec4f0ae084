namespace PipeServer.Tests.Server;

public sealed class SourceOverEpollTests() : SourceTests("epoll");
