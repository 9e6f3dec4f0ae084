namespace PipeServer.Tests.Server;

public sealed class ReloadOverSocketsTests() : ReloadOverNetworkTests("sockets");
