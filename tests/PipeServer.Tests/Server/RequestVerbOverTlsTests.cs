namespace PipeServer.Tests.Server;

public sealed class RequestVerbOverTlsTests() : RequestVerbTests("epoll/sslstream");
