namespace PipeServer.Tests.Server;

public sealed class RequestValuesOverMemoryTests() : RequestValuesTests("memory");
