namespace PipeServer.Tests.StaticFiles;

public sealed class FolderListingOverEpollTests() : FolderListingTests("epoll");
