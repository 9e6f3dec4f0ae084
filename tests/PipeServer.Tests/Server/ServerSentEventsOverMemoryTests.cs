namespace PipeServer.Tests.Server;

public sealed class ServerSentEventsOverMemoryTests() : ServerSentEventsTests("memory");
