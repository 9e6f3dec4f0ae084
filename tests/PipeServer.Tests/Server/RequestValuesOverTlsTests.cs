namespace PipeServer.Tests.Server;

public sealed class RequestValuesOverTlsTests() : RequestValuesTests("epoll/sslstream");
