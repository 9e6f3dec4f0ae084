namespace PipeServer.Tests.Server;

public sealed class RequestVerbOverSocketsTests() : RequestVerbTests("sockets");
