namespace PipeServer.Tests.Server;

public sealed class UpgradeOverSocketsTests() : UpgradeTests("sockets");
