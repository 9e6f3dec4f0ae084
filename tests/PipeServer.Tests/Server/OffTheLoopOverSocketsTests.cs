namespace PipeServer.Tests.Server;

public sealed class OffTheLoopOverSocketsTests() : OffTheLoopTests("sockets");
