namespace PipeServer.Tests.Server;

public sealed class ProxyProtocolOverSocketsTests() : ProxyProtocolTests("sockets");
