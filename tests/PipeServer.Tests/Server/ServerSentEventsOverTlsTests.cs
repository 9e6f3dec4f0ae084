namespace PipeServer.Tests.Server;

public sealed class ServerSentEventsOverTlsTests() : ServerSentEventsTests("epoll/sslstream");
