namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverSocketsTests() : Http1ConnectionTests("sockets");
