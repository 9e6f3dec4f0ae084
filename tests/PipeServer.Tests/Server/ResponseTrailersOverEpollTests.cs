namespace PipeServer.Tests.Server;

public sealed class ResponseTrailersOverEpollTests() : ResponseTrailersTests("epoll");
