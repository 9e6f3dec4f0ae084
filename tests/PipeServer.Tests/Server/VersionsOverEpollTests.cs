namespace PipeServer.Tests.Server;

public sealed class VersionsOverEpollTests() : VersionsTests("epoll");
