namespace PipeServer.DocsTests;

/// <summary>Every block of a page is held to the truth by something, and what it names is there.</summary>
public sealed class BlockTests
{
    // For each language, how its blocks can be held to the truth; "" is a block without a comment. Whoever adds a way adds its test.
    private static readonly Dictionary<string, string[]> Ways = new(StringComparer.Ordinal)
    {
        ["csharp"] = ["", "fragment of", "the whole of", "a part of"],
        ["json"] = ["configuration", "a report", "section of an application", "the whole of"],
        ["sh"] = ["run here", "asks", "asks the example", "run as pipeserver", "run by", "not run here:", "the same answers"],
        ["text"] = ["output", "picture"],
        ["yaml"] = ["checked by promtool"],
        ["nginx"] = ["run by", "the same answers"],
        ["haproxy"] = ["run by"],
        ["caddy"] = ["run by", "the same answers"],
    };

    // Few: what is on none of the machines that run these tests.
    private const int MaxNotRun = 4;

    // Its DocumentedCommandsTests take the blocks from the pages.
    private const string RunsBlocks = "tests/PipeServer.PackageTests";

    public static TheoryData<string, int> Copies =>
        Pages.BlocksWhere(static block => block.After("the whole of") is not null || block.After("a part of") is not null);

    public static TheoryData<string, int> RunElsewhere => Pages.BlocksWhere(static block => block.After("run by") is not null);

    [Fact]
    public void Every_block_is_held_to_the_truth_in_a_way_of_its_language()
    {
        Assert.NotEmpty(Pages.Blocks);
        var findings = Pages.Blocks.Where(static block =>
            !Ways.TryGetValue(block.Language, out var ways) || !ways.Any(way => way.Length == 0 ? block.Directive.Length == 0 : block.After(way) is not null));
        Assert.Empty(findings.Select(static block => block.ToString()));
    }

    [Fact]
    public void An_output_belongs_to_commands_that_are_run()
    {
        var findings = Pages.Blocks.Where(static block => block.Directive == "output")
            .Where(static block => block.Previous is not { Language: "sh" } previous || !CommandTests.IsRun(previous));
        Assert.Empty(findings.Select(static block => block.ToString()));
    }

    [Fact]
    public void Few_blocks_are_run_by_nobody()
    {
        var blocks = Pages.Blocks.Where(static block => block.After("not run here:") is not null).ToList();
        Assert.InRange(blocks.Count, 0, MaxNotRun);
        Assert.All(blocks, static block => Assert.NotEmpty(block.After("not run here:")!));
    }

    [Theory]
    [MemberData(nameof(Copies))]
    public void A_copy_is_the_same_as_the_file_that_is_built(string page, int line)
    {
        var block = CodeBlock.Find(page, line);
        var isWhole = block.After("the whole of") is not null;
        var file = Repository.Path((block.After("the whole of") ?? block.After("a part of"))!);
        Assert.True(File.Exists(file), $"{block} names a file that is not there.");
        var text = File.ReadAllText(file).ReplaceLineEndings("\n");
        if (isWhole)
        {
            Assert.Equal(text, block.Text);
        }
        else
        {
            Assert.Contains(block.Text, text);
        }
    }

    // "run by PATH" is the project that runs blocks of the pages, or a file that has each line of the block; or behind a colon stand the words that it has in their place.
    [Theory]
    [MemberData(nameof(RunElsewhere))]
    public void What_runs_a_block_elsewhere_is_there(string page, int line)
    {
        var block = CodeBlock.Find(page, line);
        var parts = block.After("run by")!.Split(": ", 2);
        var path = Repository.Path(parts[0]);
        Assert.True(File.Exists(path) || Directory.Exists(path), $"{block} names what is not there.");
        if (parts.Length > 1)
        {
            Assert.Contains(parts[1], File.ReadAllText(path));
        }
        else if (Directory.Exists(path))
        {
            Assert.Equal(RunsBlocks, parts[0]);
            Assert.Contains($"{parts[0].Replace('/', '\\')}\\", File.ReadAllText(Repository.Path("PipeServer.sln")));
        }
        else
        {
            var text = File.ReadAllText(path);
            // The lines of a shell without the comments behind them.
            Assert.All(
                block.Lines.Select(static line => line.Split("  #")[0]).SelectMany(static line => line.Split("; ")),
                line => Assert.Contains(line.Trim().TrimEnd(';'), text));
        }
    }
}
