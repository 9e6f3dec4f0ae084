namespace PipeServer.Tests.Server;

public sealed class ServerSentEventsOverOpenSslTests() : ServerSentEventsTests("epoll/openssl");
