namespace PipeServer.Tests.Server;

public sealed class RequestValuesOverOpenSslTests() : RequestValuesTests("epoll/openssl");
