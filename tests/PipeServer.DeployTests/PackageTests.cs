namespace PipeServer.DeployTests;

/// <summary>The Debian package: how it is built and what is in it.</summary>
public sealed class PackageTests(BuiltPackage built) : IClassFixture<BuiltPackage>
{
    private readonly TemporaryFolder _folder = built.Folder;
    private readonly string _package = built.Path;

    [Fact]
    public async Task It_has_what_a_package_of_a_server_has()
    {
        DebianPackage.SkipWhereItCannotBeBuilt();
        var fields = await Command.RunAsync("dpkg-deb", "-f", _package);
        Assert.Contains("Package: pipeserver\n", fields);
        Assert.Contains("\nDepends: libc6 (>= 2.34), libcrypt1, adduser\n", fields);
        Assert.Contains("\nRecommends: libssl3 | libssl3t64", fields);
        var files = (await Command.RunAsync("dpkg-deb", "-c", _package)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(files, static line => Assert.Matches("^[-d][r-][w-][x-][r-]-[x-][r-]-[x-] root/root ", line)); // root's, and nobody else writes
        foreach (var path in new[]
        {
            "usr/bin/pipeserver", "usr/lib/systemd/system/pipeserver.service", "usr/lib/systemd/system/pipeserver.socket", "etc/pipeserver/pipeserver.json",
            "etc/logrotate.d/pipeserver", "usr/share/man/man1/pipeserver.1.gz", "usr/share/bash-completion/completions/pipeserver",
            "usr/share/zsh/vendor-completions/_pipeserver", "usr/share/fish/vendor_completions.d/pipeserver.fish", "usr/share/pipeserver/www/index.html",
            "usr/share/doc/pipeserver/copyright", "usr/share/doc/pipeserver/changelog.gz", "usr/share/doc/pipeserver/changelog.Debian.gz",
        })
        {
            Assert.Contains(files, line => line.EndsWith($" ./{path}"));
        }

        var tree = _folder["tree"];
        await Command.RunAsync("dpkg-deb", "-R", _package, tree);
        Assert.Equal("/etc/logrotate.d/pipeserver\n/etc/pipeserver/pipeserver.json\n", await File.ReadAllTextAsync(Path.Combine(tree, "DEBIAN/conffiles")));
        var unit = await File.ReadAllTextAsync(Path.Combine(tree, "usr/lib/systemd/system/pipeserver.service"));
        Assert.Contains("\nExecStart=/usr/bin/pipeserver serve --config /etc/pipeserver/pipeserver.json ", unit);
        Assert.DoesNotContain("/usr/local", unit);
        Assert.Contains("is valid", await Command.RunAsync(
            Path.Combine(tree, "usr/bin/pipeserver"), "check", "--config", Path.Combine(tree, "etc/pipeserver/pipeserver.json"), "--access-log=-", tree));
    }

    [Fact]
    public async Task Lintian_has_nothing_to_say()
    {
        DebianPackage.SkipWhereItCannotBeBuilt();
        Command.SkipWithout("lintian", "lintian");
        var (exitCode, output) = await Command.TryAsync(
            "lintian", "--profile", "debian", "--fail-on", "error,warning", "--allow-root", "--no-tag-display-limit", _package);
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("unused-override", output);
    }

    [Fact]
    public async Task The_same_input_is_the_same_package_byte_for_byte()
    {
        DebianPackage.SkipWhereItCannotBeBuilt();
        var other = await DebianPackage.BuildAsync(DebianPackage.Published, _folder["again"]);
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Equal(await File.ReadAllBytesAsync(_package, cancellation), await File.ReadAllBytesAsync(other, cancellation));
    }

    [Theory]
    [InlineData("0.1.0-alpha.0.5+0a1b2c", "1", 62, "0.1.0~alpha.0.5-1", "amd64")]
    [InlineData("0.1.0-rc-1", "1", 62, "0.1.0~rc-1-1", "amd64")]
    [InlineData("0.1.0", "2", 183, "0.1.0-2", "arm64")]
    public async Task Its_version_is_in_Debians_order_and_its_processor_the_files(
        string version, string revision, byte processor, string expected, string architecture)
    {
        Command.SkipWithout("dpkg-deb", "dpkg");
        using var folder = new TemporaryFolder();
        var head = new byte[64]; // of an ELF file, which is all that is looked at
        "\u007fELF"u8.CopyTo(head);
        head[18] = processor;
        await File.WriteAllBytesAsync(folder["pipeserver"], head, TestContext.Current.CancellationToken);
        var package = await DebianPackage.BuildAsync(folder.Path, folder["version"], new Dictionary<string, string>
        {
            ["PIPESERVER_VERSION"] = version,
            ["PIPESERVER_DEB_REVISION"] = revision,
        });
        Assert.EndsWith($"/pipeserver_{expected}_{architecture}.deb", package);
        Assert.Equal($"Version: {expected}\nArchitecture: {architecture}\n", await Command.RunAsync("dpkg-deb", "-f", package, "Version", "Architecture"));
        await Command.RunAsync("dpkg", "--compare-versions", expected, "lt", "0.1.0-3");
    }

    [Fact]
    public async Task What_is_no_native_file_is_refused()
    {
        Command.SkipWithout("dpkg-deb", "dpkg");
        using var folder = new TemporaryFolder();
        var (exitCode, output) = await Command.TryAsync(DebianPackage.Script("build"), folder.Path, folder.Path);
        Assert.Equal(1, exitCode);
        Assert.Contains("publish it first", output);
        await File.WriteAllTextAsync(folder["pipeserver"], "#!/bin/sh\necho 1.0\n", TestContext.Current.CancellationToken);
        (exitCode, output) = await Command.TryAsync(DebianPackage.Script("build"), folder.Path, folder.Path);
        Assert.Equal(1, exitCode);
        Assert.Contains("no native file", output);
    }
}
