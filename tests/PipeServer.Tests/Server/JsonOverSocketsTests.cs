namespace PipeServer.Tests.Server;

public sealed class JsonOverSocketsTests() : JsonTests("sockets");
