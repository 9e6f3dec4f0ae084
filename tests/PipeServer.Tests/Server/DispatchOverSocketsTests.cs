namespace PipeServer.Tests.Server;

public sealed class DispatchOverSocketsTests() : DispatchTests("sockets");
