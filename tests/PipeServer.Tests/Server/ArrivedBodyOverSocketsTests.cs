namespace PipeServer.Tests.Server;

public sealed class ArrivedBodyOverSocketsTests() : ArrivedBodyTests("sockets");
