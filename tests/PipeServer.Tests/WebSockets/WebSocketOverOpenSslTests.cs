namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketOverOpenSslTests() : WebSocketTests("epoll/openssl");
