namespace PipeServer.Tests.StaticFiles;

public sealed class FileReloadOverSocketsTests() : FileReloadTests("sockets");
