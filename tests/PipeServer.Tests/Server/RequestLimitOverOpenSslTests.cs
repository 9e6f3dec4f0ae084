namespace PipeServer.Tests.Server;

public sealed class RequestLimitOverOpenSslTests() : RequestLimitTests("epoll/openssl");
