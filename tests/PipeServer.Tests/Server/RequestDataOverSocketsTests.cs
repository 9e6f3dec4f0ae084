namespace PipeServer.Tests.Server;

public sealed class RequestDataOverSocketsTests() : RequestDataTests("sockets");
