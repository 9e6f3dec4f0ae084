namespace PipeServer.Tests.Server;

public sealed class JsonOverMemoryTests() : JsonTests("memory");
