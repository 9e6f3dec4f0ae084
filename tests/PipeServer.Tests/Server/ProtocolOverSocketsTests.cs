namespace PipeServer.Tests.Server;

public sealed class ProtocolOverSocketsTests() : ProtocolTests("sockets");
