namespace PipeServer.Tests.Server;

public sealed class SendingOverTlsTests() : SendingTests("epoll/sslstream");
