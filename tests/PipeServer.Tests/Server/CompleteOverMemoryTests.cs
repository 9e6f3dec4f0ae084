namespace PipeServer.Tests.Server;

public sealed class CompleteOverMemoryTests() : CompleteTests("memory");
