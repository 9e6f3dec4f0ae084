namespace PipeServer.Tests.Server;

public sealed class JsonOverOpenSslTests() : JsonTests("epoll/openssl");
