namespace PipeServer.Tests.Server;

public sealed class ReloadOverTlsTests() : ReloadTests("epoll/sslstream");
