namespace PipeServer.Tests.Server;

public sealed class WriteTimeoutOverOpenSslTests() : WriteTimeoutTests("epoll/openssl");
