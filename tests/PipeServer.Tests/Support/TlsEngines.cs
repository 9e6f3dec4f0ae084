namespace PipeServer.Tests.Support;

/// <summary>The engines that this system has, for theories.</summary>
internal static class TlsEngines
{
    public static TheoryData<TlsEngine> All => [.. TlsFuzz.Engines];
}
