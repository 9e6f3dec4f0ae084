namespace PipeServer.DocsTests;

/// <summary>The pages have the same form, so that a reader knows where to look.</summary>
public sealed class PageTests
{
    private const int MaxReadmeLines = 150;

    // The text around the generated tables is kept with them.
    private static readonly string[] WrittenPages = [.. Pages.Documentation.Where(static page => page is not "README.md" and not "docs/capacity.md")];

    [Fact]
    public void Each_says_at_its_begin_what_its_reader_can_do_after_it_and_at_its_end_where_to_read_on()
    {
        Assert.NotEmpty(WrittenPages);
        Assert.All(WrittenPages, static page =>
        {
            var paragraphs = Pages.Read(page).Split("\n\n");
            Assert.StartsWith("# ", paragraphs[0]);
            Assert.StartsWith("After this page ", paragraphs[1]);
            var last = Pages.Read(page).Split("\n## ")[^1];
            Assert.StartsWith("Read on\n", last);
            Assert.Contains("](", last);
        });
    }

    [Fact]
    public void Each_is_in_the_index()
    {
        var links = MarkdownLinks.In(Pages.Read("docs/README.md"));
        Assert.Empty(WrittenPages.Select(static page => page["docs/".Length..]).Except(links).Except(["README.md"]));
    }

    [Fact]
    public void The_readme_is_short() => Assert.InRange(Pages.Read("README.md").Split('\n').Length, 1, MaxReadmeLines);

    // A new run changes the page of benchmarks; this is what keeps the README from being forgotten.
    [Fact]
    public void The_figures_of_the_readme_are_those_of_the_benchmarks()
    {
        var measured = Rows(Pages.Read("docs/benchmarks.md"));
        var shown = Rows(Pages.Read("README.md"));
        Assert.NotEmpty(shown);
        Assert.All(shown, row => Assert.Contains(measured, other => other[0] == row[0] && row[1..].All(cell => other.Contains(cell))));
    }

    // Those with requests a second in them.
    private static List<string[]> Rows(string page) => [.. page.Split('\n')
        .Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && line.EndsWith(") |", StringComparison.Ordinal))
        .Where(static line => !line.Contains("](", StringComparison.Ordinal))
        .Select(static line => line.Trim('|', ' ').Split(" | "))];
}
