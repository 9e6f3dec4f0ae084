namespace PipeServer.Tests.StaticFiles;

public sealed class BasePathOverSocketsTests() : BasePathTests("sockets");
