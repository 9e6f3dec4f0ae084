using System.Runtime.Versioning;

namespace PipeServer.Tests.StaticFiles;

[UnsupportedOSPlatform("windows")]
public sealed class RootSwitchOverEpollTests() : RootSwitchTests("epoll");
