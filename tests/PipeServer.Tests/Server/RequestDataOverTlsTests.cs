namespace PipeServer.Tests.Server;

public sealed class RequestDataOverTlsTests() : RequestDataTests("epoll/sslstream");
