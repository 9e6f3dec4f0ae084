namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketEndOverEpollTests() : WebSocketEndTests("epoll");
