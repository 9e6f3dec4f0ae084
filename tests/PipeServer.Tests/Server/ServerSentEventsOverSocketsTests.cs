namespace PipeServer.Tests.Server;

public sealed class ServerSentEventsOverSocketsTests() : ServerSentEventsTests("sockets");
