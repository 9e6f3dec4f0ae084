namespace PipeServer.Tests.StaticFiles;

public sealed class KeptFileOverMemoryTests() : KeptFileTests("memory");
