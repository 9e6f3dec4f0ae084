namespace PipeServer.Tests.Server;

public sealed class CompleteOverTlsTests() : CompleteTests("epoll/sslstream");
