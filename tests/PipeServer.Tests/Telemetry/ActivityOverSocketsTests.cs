namespace PipeServer.Tests.Telemetry;

public sealed class ActivityOverSocketsTests() : ActivityTests("sockets");
