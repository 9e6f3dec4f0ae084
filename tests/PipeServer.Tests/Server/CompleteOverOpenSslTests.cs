namespace PipeServer.Tests.Server;

public sealed class CompleteOverOpenSslTests() : CompleteTests("epoll/openssl");
