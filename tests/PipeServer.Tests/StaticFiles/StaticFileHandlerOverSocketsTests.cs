namespace PipeServer.Tests.StaticFiles;

public sealed class StaticFileHandlerOverSocketsTests() : StaticFileHandlerTests("sockets");
