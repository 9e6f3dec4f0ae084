namespace PipeServer.Tests.Telemetry;

public sealed class MetricsOverEpollTests() : MetricsTests("epoll");
