namespace PipeServer.Tests.StaticFiles;

public sealed class FolderListingOverMemoryTests() : FolderListingTests("memory");
