namespace PipeServer.Tests.Server;

public sealed class StatisticsOverTlsTests() : StatisticsTests("epoll/sslstream");
