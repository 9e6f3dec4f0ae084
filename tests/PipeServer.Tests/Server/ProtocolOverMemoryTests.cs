namespace PipeServer.Tests.Server;

public sealed class ProtocolOverMemoryTests() : ProtocolTests("memory");
