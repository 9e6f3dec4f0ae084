namespace PipeServer.Tests.Server;

public sealed class StrictTransportOverTlsTests() : StrictTransportTests("epoll/sslstream");
