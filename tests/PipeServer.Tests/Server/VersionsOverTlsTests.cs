namespace PipeServer.Tests.Server;

public sealed class VersionsOverTlsTests() : VersionsTests("epoll/sslstream");
