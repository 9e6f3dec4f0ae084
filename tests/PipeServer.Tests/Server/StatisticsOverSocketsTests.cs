namespace PipeServer.Tests.Server;

public sealed class StatisticsOverSocketsTests() : StatisticsTests("sockets");
