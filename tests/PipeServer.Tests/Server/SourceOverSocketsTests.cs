namespace PipeServer.Tests.Server;

public sealed class SourceOverSocketsTests() : SourceTests("sockets");
