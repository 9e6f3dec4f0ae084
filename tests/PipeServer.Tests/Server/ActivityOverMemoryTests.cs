namespace PipeServer.Tests.Server;

public sealed class ActivityOverMemoryTests() : ActivityTests("memory");
