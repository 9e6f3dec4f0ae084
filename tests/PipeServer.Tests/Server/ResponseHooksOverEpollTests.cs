namespace PipeServer.Tests.Server;

public sealed class ResponseHooksOverEpollTests() : ResponseHooksTests("epoll");
