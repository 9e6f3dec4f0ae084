namespace PipeServer.Tests.Server;

public sealed class RequestVerbOverMemoryTests() : RequestVerbTests("memory");
