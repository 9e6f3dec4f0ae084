namespace PipeServer.Tests.Server;

public sealed class TlsOverEpollSslStreamTests() : TlsTests("epoll/sslstream");
