namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketProtocolOverMemoryTests() : WebSocketProtocolTests("memory");
