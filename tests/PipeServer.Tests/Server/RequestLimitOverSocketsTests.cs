namespace PipeServer.Tests.Server;

public sealed class RequestLimitOverSocketsTests() : RequestLimitTests("sockets");
