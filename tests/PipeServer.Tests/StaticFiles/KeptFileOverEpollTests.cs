namespace PipeServer.Tests.StaticFiles;

public sealed class KeptFileOverEpollTests() : KeptFileTests("epoll");
