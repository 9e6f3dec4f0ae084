namespace PipeServer.Tests.Server;

public sealed class CompleteOverSocketsTests() : CompleteTests("sockets");
