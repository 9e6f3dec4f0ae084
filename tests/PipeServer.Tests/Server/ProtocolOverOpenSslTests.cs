namespace PipeServer.Tests.Server;

public sealed class ProtocolOverOpenSslTests() : ProtocolTests("epoll/openssl");
