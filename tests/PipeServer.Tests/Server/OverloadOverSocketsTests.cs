namespace PipeServer.Tests.Server;

public sealed class OverloadOverSocketsTests() : OverloadTests("sockets");
