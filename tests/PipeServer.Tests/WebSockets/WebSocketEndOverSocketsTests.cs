namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketEndOverSocketsTests() : WebSocketEndTests("sockets");
