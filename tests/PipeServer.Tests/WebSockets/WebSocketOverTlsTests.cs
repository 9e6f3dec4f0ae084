namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketOverTlsTests() : WebSocketTests("epoll/sslstream");
