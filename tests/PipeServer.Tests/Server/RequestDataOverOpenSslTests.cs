namespace PipeServer.Tests.Server;

public sealed class RequestDataOverOpenSslTests() : RequestDataTests("epoll/openssl");
