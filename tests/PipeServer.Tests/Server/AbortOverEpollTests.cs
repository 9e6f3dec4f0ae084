namespace PipeServer.Tests.Server;

public sealed class AbortOverEpollTests() : AbortTests("epoll");
