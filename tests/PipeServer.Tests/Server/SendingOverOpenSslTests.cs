namespace PipeServer.Tests.Server;

public sealed class SendingOverOpenSslTests() : SendingTests("epoll/openssl");
