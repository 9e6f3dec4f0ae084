namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketProtocolOverSocketsTests() : WebSocketProtocolTests("sockets");
