namespace PipeServer.Tests.Server;

public sealed class SwitchedOverMemoryTests() : SwitchedTests("memory");
