namespace PipeServer.Tests.Server;

public sealed class HookBoundsOverSocketsTests() : HookBoundsTests("sockets");
