namespace PipeServer.Tests.Server;

public sealed class CompletionOverSocketsTests() : CompletionTests("sockets");
