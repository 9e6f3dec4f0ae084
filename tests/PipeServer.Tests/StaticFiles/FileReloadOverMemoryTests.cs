namespace PipeServer.Tests.StaticFiles;

public sealed class FileReloadOverMemoryTests() : FileReloadTests("memory");
