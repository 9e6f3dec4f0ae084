namespace PipeServer.Tests.Server;

public sealed class WriteTimeoutOverSocketsTests() : WriteTimeoutTests("sockets");
