namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketEndOverOpenSslTests() : WebSocketEndTests("epoll/openssl");
