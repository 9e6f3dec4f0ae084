namespace PipeServer.Tests.Server;

public sealed class RequestLimitOverMemoryTests() : RequestLimitTests("memory");
