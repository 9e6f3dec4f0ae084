namespace PipeServer.Tests.Server;

public sealed class SwitchedOverOpenSslTests() : SwitchedTests("epoll/openssl");
