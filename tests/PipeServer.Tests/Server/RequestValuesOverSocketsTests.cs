namespace PipeServer.Tests.Server;

public sealed class RequestValuesOverSocketsTests() : RequestValuesTests("sockets");
