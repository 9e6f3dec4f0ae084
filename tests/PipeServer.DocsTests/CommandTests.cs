using System.Text.RegularExpressions;

namespace PipeServer.DocsTests;

/// <summary>The commands of the pages do what the pages say: each is run, servers listen and drain, and outputs are those that are shown.</summary>
public sealed class CommandTests
{
    // What a page calls by its name, where it may be missing; .ci/run installs them.
    private static readonly string[] Tools = ["curl", "htpasswd", "openssl"];

    public static TheoryData<string, int> Run => Pages.BlocksWhere(IsRun);

    internal static bool IsRun(CodeBlock block) => block.Language == "sh"
        && (block.Directive is "run here" or "run as pipeserver" || block.After("asks") is not null);

    [Theory]
    [MemberData(nameof(Run))]
    public async Task They_run(string page, int line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are those of a shell on Linux.");
        var block = CodeBlock.Find(page, line);
        foreach (var tool in Tools.Where(tool => block.Lines.Any(text => text.Contains(tool + " "))))
        {
            Assert.SkipWhen(CommandSession.PathOf(tool) is null, $"The page uses {tool}, which is not installed.");
        }

        await using var session = new CommandSession();
        if (block.After("asks the example") is { } example)
        {
            await AskAsync(session, await session.ServeExampleAsync(example, 8080), block);
        }
        else if (block.After("asks") is { } server)
        {
            await AskAsync(session, await session.ServeAsync(server), block);
        }
        else
        {
            await RunAsync(session, block);
        }
    }

    [Theory]
    [InlineData("false; true")]
    [InlineData("curl http://127.0.0.1:7878/nothing")]
    [InlineData("pipeserver check --no-such-option")]
    public async Task What_fails_is_found(string script)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are those of a shell on Linux.");
        Assert.SkipWhen(CommandSession.PathOf("curl") is null, "curl is not installed.");
        await using var session = new CommandSession();
        var server = await session.ServeAsync("pipeserver serve /srv/www");
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => session.RunAsync(script));
        await session.StopAsync(server);
    }

    // Servers one after the other, each until it listens and has drained.
    private static async Task RunAsync(CommandSession session, CodeBlock block)
    {
        foreach (var line in block.Lines.Select(static line => line.Replace("dotnet run --project src/PipeServer.Cli -c Release -- ", "pipeserver ")))
        {
            if (!line.Contains("pipeserver serve"))
            {
                await session.RunAsync(line);
                continue;
            }

            await session.StopAsync(await session.ServeAsync(line));
        }
    }

    private static async Task AskAsync(CommandSession session, CliProcess server, CodeBlock block)
    {
        var output = await session.RunAsync(block.Text);
        if (Pages.Blocks.SingleOrDefault(next => next.Previous == block) is { Directive: "output" } shown)
        {
            var pattern = $"^{Regex.Escape(shown.Text).Replace("…", ".*")}$";
            var last = block.Lines.Last();
            for (var tries = 0; tries < 100 && last.StartsWith("tail ") && !Regex.IsMatch(output, pattern); tries++)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken); // a log is written a little later
                output = await session.RunAsync(last);
            }

            Assert.Matches(pattern, output);
        }

        await session.StopAsync(server);
    }
}
