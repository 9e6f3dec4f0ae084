namespace PipeServer.Tests.StaticFiles;

public sealed class BasePathOverMemoryTests() : BasePathTests("memory");
