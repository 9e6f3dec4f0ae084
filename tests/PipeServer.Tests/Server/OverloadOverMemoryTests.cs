namespace PipeServer.Tests.Server;

public sealed class OverloadOverMemoryTests() : OverloadTests("memory");
