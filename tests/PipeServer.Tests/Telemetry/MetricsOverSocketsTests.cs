namespace PipeServer.Tests.Telemetry;

public sealed class MetricsOverSocketsTests() : MetricsTests("sockets");
