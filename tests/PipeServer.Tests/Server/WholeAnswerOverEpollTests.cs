namespace PipeServer.Tests.Server;

public sealed class WholeAnswerOverEpollTests() : WholeAnswerTests("epoll");
