namespace PipeServer.Tests.Server;

public sealed class SwitchedOverTlsTests() : SwitchedTests("epoll/sslstream");
