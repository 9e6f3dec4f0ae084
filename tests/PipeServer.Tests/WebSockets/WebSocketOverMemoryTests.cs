namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketOverMemoryTests() : WebSocketTests("memory");
