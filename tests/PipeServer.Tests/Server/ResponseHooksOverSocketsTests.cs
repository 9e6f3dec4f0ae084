namespace PipeServer.Tests.Server;

public sealed class ResponseHooksOverSocketsTests() : ResponseHooksTests("sockets");
