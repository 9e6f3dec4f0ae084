namespace PipeServer.Tests.Server;

public sealed class VersionsOverOpenSslTests() : VersionsTests("epoll/openssl");
