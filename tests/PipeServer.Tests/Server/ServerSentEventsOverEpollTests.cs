namespace PipeServer.Tests.Server;

public sealed class ServerSentEventsOverEpollTests() : ServerSentEventsTests("epoll");
