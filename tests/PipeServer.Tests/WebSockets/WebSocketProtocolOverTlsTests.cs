namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketProtocolOverTlsTests() : WebSocketProtocolTests("epoll/sslstream");
