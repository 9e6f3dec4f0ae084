namespace PipeServer.Tests.Server;

public sealed class JsonOverEpollTests() : JsonTests("epoll");
