namespace PipeServer.Tests.Server;

public sealed class StrictTransportOverOpenSslTests() : StrictTransportTests("epoll/openssl");
