namespace PipeServer.Tests.Server;

public sealed class UpgradeOverMemoryTests() : UpgradeTests("memory");
