namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileOptionsOverSocketsTests() : StaticFileOptionsTests("sockets");
