namespace PipeServer.Tests.Server;

public sealed class ProtocolChoiceOverMemoryTests() : ProtocolChoiceTests("memory");
