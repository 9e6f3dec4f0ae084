namespace PipeServer.Tests.Server;

public sealed class WholeAnswerOverOpenSslTests() : WholeAnswerTests("epoll/openssl");
