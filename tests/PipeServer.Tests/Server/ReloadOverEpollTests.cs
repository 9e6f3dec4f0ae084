namespace PipeServer.Tests.Server;

public sealed class ReloadOverEpollTests() : ReloadOverNetworkTests("epoll");
