namespace PipeServer.Tests.Server;

public sealed class ExchangeReuseOverMemoryTests() : ExchangeReuseTests("memory");
