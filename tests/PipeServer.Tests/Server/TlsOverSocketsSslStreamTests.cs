namespace PipeServer.Tests.Server;

public sealed class TlsOverSocketsSslStreamTests() : TlsTests("sockets/sslstream");
