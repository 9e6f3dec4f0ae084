namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileOptionsOverEpollTests() : StaticFileOptionsTests("epoll");
