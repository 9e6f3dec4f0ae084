namespace PipeServer.DocsTests;

/// <summary>The pages whose blocks are compiled and run, and all Markdown files of the repository.</summary>
internal static class Pages
{
    // Its tables and their commands are written by perf/capacity, which the nightly parts run.
    private const string Generated = "docs/capacity.md";

    // What builds leave, and what belongs to others.
    private static readonly string[] Foreign = ["bin", "obj", "artifacts", "node_modules", "TestResults", ".git"];

    /// <summary>README.md and what lies in docs, by their paths in the repository.</summary>
    public static IReadOnlyList<string> Documentation { get; } =
        ["README.md", .. Directory.EnumerateFiles(Repository.Path("docs"), "*.md").Select(NameOf).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<CodeBlock> Blocks { get; } =
        [.. Documentation.Where(static page => page != Generated).SelectMany(static page => CodeBlock.In(page, Read(page)))];

    public static IEnumerable<string> AllMarkdown() => In(Repository.Root);

    public static string Read(string page) => File.ReadAllText(Repository.Path(page)).ReplaceLineEndings("\n");

    public static TheoryData<string, int> BlocksWhere(Func<CodeBlock, bool> condition)
    {
        var data = new TheoryData<string, int>();
        foreach (var block in Blocks.Where(condition))
        {
            data.Add(block.Page, block.Line);
        }

        return data;
    }

    private static IEnumerable<string> In(string folder) => Directory.EnumerateFiles(folder, "*.md").Select(NameOf)
        .Concat(Directory.EnumerateDirectories(folder).Where(static child => !Foreign.Contains(Path.GetFileName(child))).SelectMany(In));

    private static string NameOf(string path) => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
}
