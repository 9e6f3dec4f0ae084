using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>All that holds of answers in memory holds of files that are kept open: here nothing is small enough for memory.</summary>
public sealed class KeptFileCacheTests : FileCacheTests
{
    protected override void Configure(StaticFileOptions options) => options.MaxCachedFileBytes = 1;

    protected override void SkipWhereImpossible(string path) => KeptFileSupport.Require(path);
}
