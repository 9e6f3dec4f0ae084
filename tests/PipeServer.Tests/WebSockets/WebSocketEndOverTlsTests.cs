namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketEndOverTlsTests() : WebSocketEndTests("epoll/sslstream");
