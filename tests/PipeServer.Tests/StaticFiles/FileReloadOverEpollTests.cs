namespace PipeServer.Tests.StaticFiles;

public sealed class FileReloadOverEpollTests() : FileReloadTests("epoll");
