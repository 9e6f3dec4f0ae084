namespace PipeServer.Tests.Server;

public sealed class VersionsOverSocketsTests() : VersionsTests("sockets");
