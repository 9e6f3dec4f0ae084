namespace PipeServer.Tests.Server;

public sealed class StrictTransportOverEpollTests() : StrictTransportTests("epoll");
