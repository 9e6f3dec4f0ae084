namespace PipeServer.Tests.Server;

public sealed class TimeoutOverSocketsTests() : TimeoutTests("sockets");
