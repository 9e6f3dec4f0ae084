namespace PipeServer.Tests.Server;

public sealed class AbortOverSocketsTests() : AbortTests("sockets");
