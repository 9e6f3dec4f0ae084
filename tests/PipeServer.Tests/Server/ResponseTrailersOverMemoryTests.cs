namespace PipeServer.Tests.Server;

public sealed class ResponseTrailersOverMemoryTests() : ResponseTrailersTests("memory");
