namespace PipeServer.DeployTests;

/// <summary>The completions in the shells that they are for.</summary>
public sealed class CompletionTests
{
    private static readonly string Folder = Repository.Path("packaging", "completions");

    /// <summary>The words of a line, and what is offered and what is not for the last one.</summary>
    public static TheoryData<string, string[], string, string> Lines
    {
        get
        {
            var lines = new TheoryData<string, string[], string, string>();
            foreach (var shell in new[] { "bash", "fish", "zsh" })
            {
                lines.Add(shell, [""], "serve check healthcheck upgrade", "--transport");
                lines.Add(shell, ["serve", "--tran"], "--transport", "--forwarded");
                lines.Add(shell, ["serve", "--transport", ""], "epoll sockets", "--transport");
                lines.Add(shell, ["serve", "--overload="], "reject wait", "epoll");
                lines.Add(shell, ["check", "--log-level", ""], "trace debug information warning error critical none", "epoll");
                lines.Add(shell, ["upgrade", "--"], "--pid-file --admin --timeout", "--transport");
                lines.Add(shell, ["healthcheck", "--t"], "--timeout", "--transport");
                lines.Add(shell, ["serve", "--config", "FOLDER/f"], "file.json folder", "epoll");
                lines.Add(shell, ["serve", "FOLDER/f"], "folder", "file.json");
            }

            return lines;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Tab_offers_what_fits(string shell, string[] words, string offered, string notOffered)
    {
        Command.SkipWithout(shell, shell);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["file.json"], "{}");
        Directory.CreateDirectory(folder["folder"]);
        var output = await CompleteAsync(shell, folder.Path, [.. words.Select(word => word.Replace("FOLDER", folder.Path, StringComparison.Ordinal))]);
        Assert.All(offered.Split(' '), word => Assert.Contains(word, output));
        Assert.DoesNotContain(notOffered, output);
    }

    private static async Task<string> CompleteAsync(string shell, string folder, string[] words)
    {
        var line = $"pipeserver {string.Join(' ', words)}";
        var variables = new Dictionary<string, string> { ["HOME"] = folder, ["TMPDIR"] = folder, ["XDG_CONFIG_HOME"] = folder };
        var (exitCode, output) = await Command.TryAsync(variables, TimeSpan.FromMinutes(1), shell, shell switch
        {
            // Bash makes three words of --option=value, as = is one of COMP_WORDBREAKS.
            "bash" =>
            [
                "--norc", Script("complete.bash"), Path.Combine(Folder, "pipeserver.bash"), "pipeserver",
                .. words.SelectMany(static word => word.EndsWith('=') ? new[] { word[..^1], "=" } : [word]),
            ],
            "fish" => ["--no-config", "-c", $"source {Path.Combine(Folder, "pipeserver.fish")}; complete -C '{line}'"],
            _ => ["-f", Script("complete.zsh"), Folder, line],
        });
        Assert.True(exitCode == 0, output);

        // Zsh shows the line too, before and behind the list; fish a description behind each word.
        return string.Join('\n', output.Split('\n')
            .Where(text => shell != "zsh" || !text.Contains(line.TrimEnd()))
            .Select(static text => text.Split('\t')[0].Split(" -- ")[0]));
    }

    private static string Script(string name) => Repository.Path("tests", "PipeServer.DeployTests", name);
}
