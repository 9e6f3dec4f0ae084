namespace PipeServer.Tests.Server;

public sealed class ResponseTrailersOverTlsTests() : ResponseTrailersTests("epoll/sslstream");
