namespace PipeServer.Tests.Server;

public sealed class SendingOverSocketsTests() : SendingTests("sockets");
