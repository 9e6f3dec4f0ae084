namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileHandlerOverEpollTests() : StaticFileHandlerTests("epoll");
