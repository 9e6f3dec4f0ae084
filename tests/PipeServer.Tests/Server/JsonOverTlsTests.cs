namespace PipeServer.Tests.Server;

public sealed class JsonOverTlsTests() : JsonTests("epoll/sslstream");
