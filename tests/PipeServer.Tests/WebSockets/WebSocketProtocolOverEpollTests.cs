namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketProtocolOverEpollTests() : WebSocketProtocolTests("epoll");
