namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverSocketsTests() : Http1ConnectionOverNetworkTests("sockets");
