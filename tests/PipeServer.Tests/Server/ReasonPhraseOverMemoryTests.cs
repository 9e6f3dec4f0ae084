namespace PipeServer.Tests.Server;

public sealed class ReasonPhraseOverMemoryTests() : ReasonPhraseTests("memory");
