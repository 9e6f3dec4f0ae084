namespace PipeServer.Tests.Server;

public sealed class BatchOverEpollTests() : BatchTests("epoll");
