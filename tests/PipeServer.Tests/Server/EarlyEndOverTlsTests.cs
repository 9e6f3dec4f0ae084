namespace PipeServer.Tests.Server;

public sealed class EarlyEndOverTlsTests() : EarlyEndTests("epoll/sslstream");
