namespace PipeServer.Tests.Server.Http2;

public sealed class Http2CaseProtocolOverSocketsTests() : Http2CaseProtocolTests("sockets");
