namespace PipeServer.Tests.Server;

public sealed class UpgradeOverTlsTests() : UpgradeTests("epoll/sslstream");
