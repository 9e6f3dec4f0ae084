namespace PipeServer.Tests.Server;

public sealed class ArrivedBodyOverEpollTests() : ArrivedBodyTests("epoll");
