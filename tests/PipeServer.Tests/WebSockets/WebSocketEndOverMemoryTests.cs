namespace PipeServer.Tests.WebSockets;

public sealed class WebSocketEndOverMemoryTests() : WebSocketEndTests("memory");
