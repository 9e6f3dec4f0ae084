namespace PipeServer.Tests.Server;

public sealed class ThreadPoolOverOpenSslTests() : ThreadPoolTests("epoll/openssl");
