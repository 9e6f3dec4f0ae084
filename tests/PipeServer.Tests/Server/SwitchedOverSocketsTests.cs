namespace PipeServer.Tests.Server;

public sealed class SwitchedOverSocketsTests() : SwitchedTests("sockets");
