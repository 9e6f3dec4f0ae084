namespace PipeServer.Tests.Server;

public sealed class DrainOverSocketsTests() : DrainTests("sockets");
