namespace PipeServer.Tests.Server;

public sealed class RequestDataOverMemoryTests() : RequestDataTests("memory");
