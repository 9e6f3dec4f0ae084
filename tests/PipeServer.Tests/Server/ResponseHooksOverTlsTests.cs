namespace PipeServer.Tests.Server;

public sealed class ResponseHooksOverTlsTests() : ResponseHooksTests("epoll/sslstream");
