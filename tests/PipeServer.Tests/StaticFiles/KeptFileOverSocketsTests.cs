namespace PipeServer.Tests.StaticFiles;

public sealed class KeptFileOverSocketsTests() : KeptFileTests("sockets");
