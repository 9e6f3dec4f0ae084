namespace PipeServer.Tests.Telemetry;

public sealed class ActivityOverEpollTests() : ActivityTests("epoll");
