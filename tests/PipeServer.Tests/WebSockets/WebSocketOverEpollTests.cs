namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketOverEpollTests() : WebSocketTests("epoll");
