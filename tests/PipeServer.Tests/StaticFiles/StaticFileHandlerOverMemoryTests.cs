namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileHandlerOverMemoryTests() : StaticFileHandlerTests("memory");
