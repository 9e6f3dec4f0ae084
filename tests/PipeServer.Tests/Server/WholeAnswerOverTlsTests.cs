namespace PipeServer.Tests.Server;

public sealed class WholeAnswerOverTlsTests() : WholeAnswerTests("epoll/sslstream");
