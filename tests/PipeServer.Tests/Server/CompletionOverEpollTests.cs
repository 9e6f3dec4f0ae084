namespace PipeServer.Tests.Server;

public sealed class CompletionOverEpollTests() : CompletionTests("epoll");
