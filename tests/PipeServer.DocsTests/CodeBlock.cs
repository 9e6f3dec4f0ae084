namespace PipeServer.DocsTests;

/// <summary>
/// A block of code of a page, and what the comment in front of it says about how it is held to the truth. Theories name it by its page and its line.
/// </summary>
internal sealed record CodeBlock(string Page, int Line, string Language, string Directive, string Text, CodeBlock? Previous)
{
    private const string Fence = "```";

    public IEnumerable<string> Lines => Text.Split('\n').Where(static line => line.Trim().Length > 0);

    public override string ToString() => $"{Page}:{Line} ({Language}, '{Directive}')";

    /// <summary>What follows the words if the directive begins with them, otherwise null.</summary>
    public string? After(string words) =>
        Directive == words ? "" : Directive.StartsWith(words + " ", StringComparison.Ordinal) ? Directive[(words.Length + 1)..] : null;

    public static CodeBlock Find(string page, int line) => Pages.Blocks.Single(block => block.Page == page && block.Line == line);

    public static IEnumerable<CodeBlock> In(string page, string markdown)
    {
        var lines = markdown.Split('\n');
        CodeBlock? previous = null;
        for (var at = 0; at < lines.Length; at++)
        {
            var indent = lines[at].Length - lines[at].TrimStart().Length;
            if (!lines[at].AsSpan(indent).StartsWith(Fence))
            {
                continue;
            }

            var begin = at + 1;
            at = Array.FindIndex(lines, begin, static line => line.TrimStart().StartsWith(Fence, StringComparison.Ordinal));
            Assert.True(at > 0, $"{page}:{begin}: a block without an end.");
            var text = string.Concat(lines[begin..at].Select(line => line[Math.Min(indent, line.Length)..] + "\n"));
            var comment = begin >= 2 ? lines[begin - 2].Trim() : "";
            var directive = comment.StartsWith("<!-- ", StringComparison.Ordinal) && comment.EndsWith(" -->", StringComparison.Ordinal) ? comment[5..^4] : "";
            yield return previous = new(page, begin, lines[begin - 1][(indent + Fence.Length)..], directive, text, previous);
        }
    }
}
