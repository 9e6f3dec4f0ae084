namespace PipeServer.Tests.Server;

public sealed class WholeAnswerOverSocketsTests() : WholeAnswerTests("sockets");
