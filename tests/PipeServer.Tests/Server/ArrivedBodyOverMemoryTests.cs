namespace PipeServer.Tests.Server;

public sealed class ArrivedBodyOverMemoryTests() : ArrivedBodyTests("memory");
