namespace PipeServer.Tests.Server;

public sealed class SynchronousOverSocketsTests() : SynchronousTests("sockets");
