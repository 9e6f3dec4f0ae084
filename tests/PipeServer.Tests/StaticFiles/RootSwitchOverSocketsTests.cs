using System.Runtime.Versioning;

namespace PipeServer.Tests.StaticFiles;

[UnsupportedOSPlatform("windows")]
public sealed class RootSwitchOverSocketsTests() : RootSwitchTests("sockets");
