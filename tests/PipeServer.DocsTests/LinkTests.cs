namespace PipeServer.DocsTests;

/// <summary>Links of every Markdown file of the repository lead to files, folders and headings that are there; those to elsewhere are addresses.</summary>
public sealed class LinkTests
{
    public static TheoryData<string> Markdown => [.. Pages.AllMarkdown()];

    [Theory]
    [MemberData(nameof(Markdown))]
    public void Every_link_leads_somewhere(string page)
    {
        var findings = MarkdownLinks.In(Pages.Read(page)).Select(target => Finding(page, target)).Where(static finding => finding is not null);
        Assert.Empty(findings);
    }

    [Fact]
    public void Links_and_headings_are_found_as_a_forge_finds_them()
    {
        const string Text =
            "# A `b`, c-d!\n[one](a.md#x) and ![two](b.svg \"title\")\n`[no](no)`\n```\n[no](no)\n# no\n```\n## A b, c-d\n[three]: https://example.com\n";
        Assert.Equal(["a.md#x", "b.svg", "https://example.com"], MarkdownLinks.In(Text));
        Assert.Equal(["a-b-c-d", "a-b-c-d-1"], MarkdownLinks.Anchors(Text));
    }

    private static string? Finding(string page, string target)
    {
        if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
        {
            return Uri.TryCreate(target, UriKind.Absolute, out var address) && address.Scheme is "https" or "http" or "mailto" ? null : $"{target}: no address";
        }

        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0 ? Repository.Path(page) : Path.GetFullPath(parts[0], Path.GetDirectoryName(Repository.Path(page))!);
        if (!path.StartsWith(Repository.Root, StringComparison.Ordinal) || !(File.Exists(path) || Directory.Exists(path)))
        {
            return $"{target}: not there";
        }

        return parts.Length == 1 || MarkdownLinks.Anchors(File.ReadAllText(path).ReplaceLineEndings("\n")).Contains(parts[1])
            ? null
            : $"{target}: no such heading";
    }
}
