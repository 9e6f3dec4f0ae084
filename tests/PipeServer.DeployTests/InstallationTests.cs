namespace PipeServer.DeployTests;

/// <summary>The package installed, used, upgraded, removed and purged in a Debian of its own, by <c>packaging/debian/chroot-test</c>.</summary>
public sealed class InstallationTests
{
    [Fact]
    public async Task It_lives_and_goes_without_a_trace()
    {
        DebianPackage.SkipWhereItCannotBeBuilt();
        Command.SkipWithout("mmdebstrap", "mmdebstrap");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A root of its own (chroot) is for root.");
        using var folder = new TemporaryFolder();
        var package = await DebianPackage.BuildAsync(DebianPackage.Published, folder.Path);
        var next = await DebianPackage.BuildAsync(
            DebianPackage.Published, folder.Path, new Dictionary<string, string> { ["PIPESERVER_DEB_REVISION"] = "2" });
        var (exitCode, output) = await Command.TryAsync(
            new Dictionary<string, string>(), TimeSpan.FromMinutes(8), DebianPackage.Script("chroot-test"), package, next);
        Assert.True(exitCode == 0 && output.Contains("\n0 of 14 steps failed"), output);
    }
}
