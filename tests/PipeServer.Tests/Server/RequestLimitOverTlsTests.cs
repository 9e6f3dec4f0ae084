namespace PipeServer.Tests.Server;

public sealed class RequestLimitOverTlsTests() : RequestLimitTests("epoll/sslstream");
