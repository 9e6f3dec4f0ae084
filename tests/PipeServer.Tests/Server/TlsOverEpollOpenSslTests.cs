namespace PipeServer.Tests.Server;

public sealed class TlsOverEpollOpenSslTests() : TlsTests("epoll/openssl");
