namespace PipeServer.Tests.Server;

public sealed class TlsOverSocketsOpenSslTests() : TlsTests("sockets/openssl");
