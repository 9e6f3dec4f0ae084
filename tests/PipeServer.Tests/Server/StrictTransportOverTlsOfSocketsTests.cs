namespace PipeServer.Tests.Server;

public sealed class StrictTransportOverTlsOfSocketsTests() : StrictTransportTests("sockets/sslstream");
