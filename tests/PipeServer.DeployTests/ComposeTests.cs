namespace PipeServer.DeployTests;

/// <summary>The Compose file, read by docker-compose, which needs no engine for that. There is none here: what it does there is not tested.</summary>
public sealed class ComposeTests : IDisposable
{
    private static readonly string Compose = Repository.Path("src", "PipeServer.Cli", "deploy", "compose.yaml");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compose_reads_it_and_finds_a_wrong_one()
    {
        Command.SkipWithout("docker-compose", "docker-compose");
        var output = await Command.RunAsync("docker-compose", "-f", Compose, "config");
        foreach (var line in new[]
        {
            "read_only: true", "stop_grace_period: 40s", "mem_limit: 256m", "pids_limit: 256", "- no-new-privileges:true", "- ALL", "context: ",
        })
        {
            Assert.Contains(line, output);
        }

        var text = await File.ReadAllTextAsync(Compose, TestContext.Current.CancellationToken);
        foreach (var (right, wrong) in new[] { ("read_only:", "readonly:"), ("mem_limit: 256m", "mem_limit: [256]") })
        {
            await File.WriteAllTextAsync(_folder["compose.yaml"], text.Replace(right, wrong, StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var (exitCode, problem) = await Command.TryAsync("docker-compose", "-f", _folder["compose.yaml"], "config");
            Assert.NotEqual(0, exitCode);
            Assert.Contains(wrong.Split(':')[0], problem);
        }
    }

    // What it says of the image is what the Dockerfile says.
    [Fact]
    public async Task It_fits_the_image()
    {
        var text = await File.ReadAllTextAsync(Compose, TestContext.Current.CancellationToken);
        var image = await File.ReadAllTextAsync(Repository.Path("Dockerfile"), TestContext.Current.CancellationToken);
        const string Check = "[\"/usr/local/bin/pipeserver\", \"healthcheck\", \"http://127.0.0.1:8080/healthz/live\"]";
        Assert.Contains(Check, image);
        Assert.Contains("[\"CMD\", " + Check[1..], text);
        Assert.Contains("EXPOSE 8080", image);
        Assert.Contains("- \"8080:8080\"", text);
        Assert.Contains("PIPESERVER_GRACE=", image);
        Assert.Contains("PIPESERVER_GRACE:", text);
    }
}
