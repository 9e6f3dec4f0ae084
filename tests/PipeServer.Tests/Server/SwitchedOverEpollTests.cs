namespace PipeServer.Tests.Server;

public sealed class SwitchedOverEpollTests() : SwitchedTests("epoll");
