namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverMemoryTests() : Http1ConnectionTests("memory");
