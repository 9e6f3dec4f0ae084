namespace PipeServer.Tests.Server;

public sealed class ForwardedClientOverSocketsTests() : ForwardedClientTests("sockets");
