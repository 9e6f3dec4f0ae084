namespace PipeServer.Tests.Server;

public sealed class TimeoutOverOpenSslTests() : TimeoutTests("epoll/openssl");
