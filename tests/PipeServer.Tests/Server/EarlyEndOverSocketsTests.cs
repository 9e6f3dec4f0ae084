namespace PipeServer.Tests.Server;

public sealed class EarlyEndOverSocketsTests() : EarlyEndTests("sockets");
