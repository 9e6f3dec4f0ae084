namespace PipeServer.Tests.Server;

public sealed class UpgradeOverOpenSslTests() : UpgradeTests("epoll/openssl");
