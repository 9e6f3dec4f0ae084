namespace PipeServer.Tests.Server;

public sealed class HookBoundsOverTlsTests() : HookBoundsTests("epoll/sslstream");
