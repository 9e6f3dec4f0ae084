using System.Text.RegularExpressions;

namespace PipeServer.Tests;

/// <summary>The house rules that no analyzer knows.</summary>
public sealed partial class TidyTests
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 80;
    private const int MaxExceptions = 3;

    private static readonly string[] Tops = ["src", "tests", "perf", "packaging", "samples"];

    // "src/Folder/File.cs", each with the reason why it is not two files.
    private static readonly string[] LongFiles = [];

    // "src/Folder/File.cs: Method", each with the reason why it is not two methods.
    private static readonly string[] LongMethods = [];

    private static IEnumerable<string> SourceFiles => Tops
        .SelectMany(static top => Directory.EnumerateFiles(Repository.Path(top), "*.cs", SearchOption.AllDirectories))
        .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")
            && !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"));

    private static IEnumerable<string> ProductFiles => SourceFiles
        .Where(static path => new[] { "src", "packaging", "samples" }.Any(top => path.StartsWith(Repository.Path(top))));

    [Fact]
    public void The_top_level_holds_the_usual_files_only()
    {
        var expected = new[]
        {
            ".ci", ".dockerignore", ".editorconfig", ".git", ".gitattributes", ".github", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md",
            "Directory.Build.props", "Directory.Packages.props", "Dockerfile", "global.json", "LICENSE", "PipeServer.sln", "README.md", "SECURITY.md",
            "docs", "packaging", "perf", "samples", "src", "tests", "wwwroot",
        };
        // What builds and benchmarks leave, and git ignores.
        var left = new[] { "TestResults", "artifacts", "BenchmarkDotNet.Artifacts", ".vs", ".idea", ".vscode" };
        var actual = Directory.EnumerateFileSystemEntries(Repository.Root).Select(static path => Path.GetFileName(path)).Except(left);
        Assert.Empty(actual.Except(expected));
        Assert.Empty(expected.Except([".git", .. actual]));
    }

    [Fact]
    public void Names_say_what_they_are()
    {
        var vague = SourceFiles.Select(static path => Path.GetFileNameWithoutExtension(path)).Where(static name => VagueName().IsMatch(name));
        Assert.Empty(vague);
    }

    [Fact]
    public void A_todo_has_a_reason_and_an_empty_catch_a_comment()
    {
        var findings = new List<string>();
        foreach (var path in SourceFiles.Where(static path => !path.EndsWith("TidyTests.cs")))
        {
            var text = File.ReadAllText(path);
            findings.AddRange(Unexplained().Matches(text).Select(match => $"{path}: {match.Value}"));
        }

        Assert.Empty(findings);
    }

    [Fact]
    public void Every_unsafe_block_says_why_it_is_safe()
    {
        var findings = SourceFiles.Where(static path => !path.EndsWith("TidyTests.cs")).Where(static path =>
        {
            var text = File.ReadAllText(path);
            return UnsafeCode().Count(text) > SafetyComment().Count(text);
        });
        Assert.Empty(findings);
    }

    [Fact]
    public void Every_line_of_the_product_is_at_most_160_characters()
    {
        var findings = ProductFiles
            .SelectMany(static path => File.ReadLines(path).Select((line, number) => (line, at: $"{path}:{number + 1}")))
            .Where(static item => item.line.Length > 160).Select(static item => item.at);
        Assert.Empty(findings);
    }

    [Fact]
    public void A_file_of_the_product_is_at_most_400_lines()
    {
        Assert.InRange(LongFiles.Length, 0, MaxExceptions);
        var files = ProductFiles.Select(static path => (Name: NameOf(path), Lines: File.ReadLines(path).Count())).ToList();
        Assert.NotEmpty(files);
        var tooLong = files.Where(static file => file.Lines > MaxFileLines).ToList();
        var findings = tooLong.Where(static file => !LongFiles.Contains(file.Name)).Select(static file => $"{file.Name} has {file.Lines} lines").ToList();
        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.Empty(LongFiles.Except(tooLong.Select(static file => file.Name))); // an exception that is no longer needed
    }

    [Fact]
    public void A_method_of_the_product_is_at_most_80_lines()
    {
        Assert.InRange(LongMethods.Length, 0, MaxExceptions);
        var methods = ProductFiles.SelectMany(static path => MethodLength.In(File.ReadAllText(path)).Select(method => (path, method))).ToList();
        Assert.NotEmpty(methods);
        var tooLong = methods.Where(static item => item.method.Lines > MaxMethodLines).ToList();
        var findings = tooLong.Where(static item => !LongMethods.Contains(NameOf(item)))
            .Select(static item => $"{NameOf(item)} has {item.method.Lines} lines, from line {item.method.FirstLine} on").ToList();
        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.Empty(LongMethods.Except(tooLong.Select(NameOf))); // an exception that is no longer needed
    }

    [Fact]
    public void Every_package_is_pinned_exactly()
    {
        var pins = File.ReadAllText(Repository.Path("Directory.Packages.props"));
        var versions = Version().Matches(pins).Select(static match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(versions);
        Assert.Equal(pins.Split("<PackageVersion").Length - 1, versions.Count);
        Assert.All(versions, static version => Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+$", version));
    }

    private static string NameOf(string path) => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');

    private static string NameOf((string Path, MethodLength Method) item) => $"{NameOf(item.Path)}: {item.Method.Name}";

    [GeneratedRegex("(Helper|Util|Utils|Utilities|Common|Misc|Manager2)s?$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"(TODO|FIXME|HACK)\b(?!: .{20})|catch[^\n]*\n\s*\{\s*\}")]
    private static partial Regex Unexplained();

    [GeneratedRegex(@"\bunsafe\s*(\{|static|class|struct|ref|void|partial)|(static|partial) unsafe")]
    private static partial Regex UnsafeCode();

    [GeneratedRegex("// SAFETY:")]
    private static partial Regex SafetyComment();

    [GeneratedRegex("PackageVersion Include=\"[^\"]+\" Version=\"([^\"]+)\"")]
    private static partial Regex Version();
}
