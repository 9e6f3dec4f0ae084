namespace PipeServer.Tests.Server;

public sealed class RequestVerbOverOpenSslTests() : RequestVerbTests("epoll/openssl");
