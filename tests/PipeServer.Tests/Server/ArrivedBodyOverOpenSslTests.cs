namespace PipeServer.Tests.Server;

public sealed class ArrivedBodyOverOpenSslTests() : ArrivedBodyTests("epoll/openssl");
