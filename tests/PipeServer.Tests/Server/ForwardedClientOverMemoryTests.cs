namespace PipeServer.Tests.Server;

public sealed class ForwardedClientOverMemoryTests() : ForwardedClientTests("memory");
