namespace PipeServer.Tests.Server;

public sealed class UpgradeOverEpollTests() : UpgradeTests("epoll");
