namespace PipeServer.Tests.Server.Http2;

public sealed class Http2CaseProtocolOverMemoryTests() : Http2CaseProtocolTests("memory");
