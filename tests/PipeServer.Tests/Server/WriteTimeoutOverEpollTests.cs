namespace PipeServer.Tests.Server;

public sealed class WriteTimeoutOverEpollTests() : WriteTimeoutTests("epoll");
