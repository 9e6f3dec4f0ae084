namespace PipeServer.Tests.Server;

public sealed class SendingOverMemoryTests() : SendingTests("memory");
