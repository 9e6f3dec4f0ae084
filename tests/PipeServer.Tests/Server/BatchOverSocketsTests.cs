namespace PipeServer.Tests.Server;

public sealed class BatchOverSocketsTests() : BatchTests("sockets");
