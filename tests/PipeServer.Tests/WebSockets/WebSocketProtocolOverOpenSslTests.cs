namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketProtocolOverOpenSslTests() : WebSocketProtocolTests("epoll/openssl");
