namespace PipeServer.Tests.Server;

public sealed class ShortConnectionOverTlsTests() : ShortConnectionTests("epoll/sslstream");
