namespace PipeServer.Tests.Server;

public sealed class ReloadOverMemoryTests() : ReloadTests("memory");
