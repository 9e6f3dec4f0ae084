namespace PipeServer.Tests.Server;

public sealed class CompletionOverMemoryTests() : CompletionTests("memory");
