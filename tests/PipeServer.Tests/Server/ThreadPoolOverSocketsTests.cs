namespace PipeServer.Tests.Server;

public sealed class ThreadPoolOverSocketsTests() : ThreadPoolTests("sockets");
