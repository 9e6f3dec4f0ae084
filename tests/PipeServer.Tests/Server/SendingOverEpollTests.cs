namespace PipeServer.Tests.Server;

public sealed class SendingOverEpollTests() : SendingTests("epoll");
