namespace PipeServer.Tests.Server;

public sealed class ReasonPhraseOverSocketsTests() : ReasonPhraseTests("sockets");
