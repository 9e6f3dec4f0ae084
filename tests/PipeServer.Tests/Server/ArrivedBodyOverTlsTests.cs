namespace PipeServer.Tests.Server;

public sealed class ArrivedBodyOverTlsTests() : ArrivedBodyTests("epoll/sslstream");
