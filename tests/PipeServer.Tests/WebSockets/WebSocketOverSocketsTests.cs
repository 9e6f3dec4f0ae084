namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketOverSocketsTests() : WebSocketTests("sockets");
