namespace PipeServer.Tests.StaticFiles;

public sealed class FolderListingOverSocketsTests() : FolderListingTests("sockets");
