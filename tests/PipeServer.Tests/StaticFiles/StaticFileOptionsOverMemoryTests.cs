namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileOptionsOverMemoryTests() : StaticFileOptionsTests("memory");
