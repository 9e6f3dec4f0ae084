namespace PipeServer.Tests.Server;

public sealed class HalfClosedOverSocketsTests() : HalfClosedTests("sockets");
