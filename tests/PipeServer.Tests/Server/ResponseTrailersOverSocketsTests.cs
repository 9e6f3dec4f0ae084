namespace PipeServer.Tests.Server;

public sealed class ResponseTrailersOverSocketsTests() : ResponseTrailersTests("sockets");
