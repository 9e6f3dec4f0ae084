namespace PipeServer.Tests.Server;

public sealed class WriteTimeoutOverTlsTests() : WriteTimeoutTests("epoll/sslstream");
