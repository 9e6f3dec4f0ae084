namespace PipeServer.Tests.StaticFiles;

public sealed class BasePathOverEpollTests() : BasePathTests("epoll");
