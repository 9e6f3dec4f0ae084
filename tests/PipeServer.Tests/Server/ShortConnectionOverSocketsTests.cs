namespace PipeServer.Tests.Server;

public sealed class ShortConnectionOverSocketsTests() : ShortConnectionTests("sockets");
