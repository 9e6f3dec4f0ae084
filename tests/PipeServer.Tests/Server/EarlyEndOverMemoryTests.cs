namespace PipeServer.Tests.Server;

public sealed class EarlyEndOverMemoryTests() : EarlyEndTests("memory");
