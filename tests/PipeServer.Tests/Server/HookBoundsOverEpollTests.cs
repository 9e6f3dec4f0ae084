namespace PipeServer.Tests.Server;

public sealed class HookBoundsOverEpollTests() : HookBoundsTests("epoll");
