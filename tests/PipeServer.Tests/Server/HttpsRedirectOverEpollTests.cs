namespace PipeServer.Tests.Server;

public sealed class HttpsRedirectOverEpollTests() : HttpsRedirectTests("epoll");
