namespace PipeServer.Tests.Server;

public sealed class ProtocolChoiceOverSocketsTests() : ProtocolChoiceTests("sockets");
