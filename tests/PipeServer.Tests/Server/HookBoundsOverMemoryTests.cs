namespace PipeServer.Tests.Server;

public sealed class HookBoundsOverMemoryTests() : HookBoundsTests("memory");
