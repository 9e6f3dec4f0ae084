namespace PipeServer.Tests.Server;

public sealed class HttpsRedirectOverMemoryTests() : HttpsRedirectTests("memory");
