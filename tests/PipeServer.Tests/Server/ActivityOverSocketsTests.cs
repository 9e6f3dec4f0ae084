namespace PipeServer.Tests.Server;

public sealed class ActivityOverSocketsTests() : ActivityTests("sockets");
