namespace PipeServer.Tests.Server;

public sealed class WholeAnswerOverMemoryTests() : WholeAnswerTests("memory");
