namespace PipeServer.Tests.Server;

public sealed class ReasonPhraseOverEpollTests() : ReasonPhraseTests("epoll");
