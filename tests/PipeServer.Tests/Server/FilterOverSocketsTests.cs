namespace PipeServer.Tests.Server;

public sealed class FilterOverSocketsTests() : FilterTests("sockets");
