namespace PipeServer.Tests.Server;

public sealed class TimeoutOverTlsTests() : TimeoutTests("epoll/sslstream");
