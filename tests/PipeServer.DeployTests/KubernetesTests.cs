namespace PipeServer.DeployTests;

/// <summary>
/// The manifest against the schemas that Kubernetes publishes, as the npm package kubernetes-models has them, in the version that package.json names.
/// There is no cluster here: what it does there is not tested.
/// </summary>
public sealed class KubernetesTests
{
    private static readonly string Manifest = Repository.Path("src", "PipeServer.Cli", "deploy", "kubernetes.yaml");

    [Fact]
    public async Task Each_document_is_valid_and_a_wrong_one_is_found()
    {
        Command.SkipWithoutPublishedFile();
        Command.SkipWithout("npm", "npm");
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "package.json", "kubernetes.mjs" })
        {
            File.Copy(Repository.Path("tests", "PipeServer.DeployTests", name), folder[name]);
        }

        await Command.RunAsync("npm", "--prefix", folder.Path, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent");
        var text = await File.ReadAllTextAsync(Manifest, TestContext.Current.CancellationToken);
        Assert.Equal((0, "Deployment pipeserver: valid\nService pipeserver: valid\nPodDisruptionBudget pipeserver: valid\n"), await CheckAsync(folder, text));

        foreach (var (right, wrong, found) in new[]
        {
            ("minAvailable: 1", "minAvailable: [1]", "minAvailable must be"),
            ("readOnlyRootFilesystem", "readOnlyRootFileSystem", "'\"readOnlyRootFileSystem\"' does not exist"),
            ("failureThreshold: 30", "failureThreshold: thirty", "failureThreshold must be integer"),
            ("kind: Service", "kind: Servise", "Servise"),
        })
        {
            Assert.Contains(right, text);
            var (exitCode, output) = await CheckAsync(folder, text.Replace(right, wrong, StringComparison.Ordinal));
            Assert.Equal(1, exitCode);
            Assert.Contains(found, output);
        }
    }

    [Fact]
    public async Task It_asks_for_no_more_than_it_needs()
    {
        var text = await File.ReadAllTextAsync(Manifest, TestContext.Current.CancellationToken);
        foreach (var line in new[]
        {
            "runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "capabilities: { drop: [\"ALL\"] }",
            "seccompProfile: { type: RuntimeDefault }", "automountServiceAccountToken: false",
        })
        {
            Assert.Contains(line, text);
        }

        Assert.Matches(@"image: \S+:\d+\.\d+", text);
        Assert.Contains("USER 1654:1654", await File.ReadAllTextAsync(Repository.Path("Dockerfile"), TestContext.Current.CancellationToken)); // runAsUser
        Assert.Contains("runAsUser: 1654", text);
    }

    private static async Task<(int ExitCode, string Output)> CheckAsync(TemporaryFolder folder, string text)
    {
        await File.WriteAllTextAsync(folder["manifest.yaml"], text, TestContext.Current.CancellationToken);
        return await Command.TryAsync("bash", "-c", $"cd '{folder.Path}' && exec node kubernetes.mjs manifest.yaml");
    }
}
