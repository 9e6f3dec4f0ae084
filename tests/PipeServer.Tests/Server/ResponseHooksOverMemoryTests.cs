namespace PipeServer.Tests.Server;

public sealed class ResponseHooksOverMemoryTests() : ResponseHooksTests("memory");
