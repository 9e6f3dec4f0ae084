namespace PipeServer.Tests.Server;

public sealed class HttpsRedirectOverSocketsTests() : HttpsRedirectTests("sockets");
