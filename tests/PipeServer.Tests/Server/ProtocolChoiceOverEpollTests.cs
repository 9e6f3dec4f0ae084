namespace PipeServer.Tests.Server;

public sealed class ProtocolChoiceOverEpollTests() : ProtocolChoiceTests("epoll");
