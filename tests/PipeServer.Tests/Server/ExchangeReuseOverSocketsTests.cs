namespace PipeServer.Tests.Server;

public sealed class ExchangeReuseOverSocketsTests() : ExchangeReuseTests("sockets");
