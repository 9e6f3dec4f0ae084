using System.Text.RegularExpressions;

namespace PipeServer.DocsTests;

/// <summary>The links of a Markdown text, and the anchors of its headings as forges make them.</summary>
internal static partial class MarkdownLinks
{
    public static IReadOnlyList<string> In(string markdown) =>
        [.. Link().Matches(InlineCode().Replace(WithoutBlocks(markdown), "")).Select(static match => match.Groups["target"].Value)];

    /// <summary>Letters, digits, hyphens and underscores of each heading, in lower case; a second one of the same name has a number.</summary>
    public static IReadOnlyList<string> Anchors(string markdown)
    {
        var anchors = new List<string>();
        foreach (Match heading in Heading().Matches(WithoutBlocks(markdown)))
        {
            var text = LinkText().Replace(heading.Groups["text"].Value.Trim(), "${text}").ToLowerInvariant();
            var anchor = string.Concat(text.Where(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
            var same = anchors.Count(other =>
                other == anchor || (other.StartsWith(anchor + "-", StringComparison.Ordinal) && int.TryParse(other[(anchor.Length + 1)..], out _)));
            anchors.Add(same == 0 ? anchor : $"{anchor}-{same}");
        }

        return anchors;
    }

    private static string WithoutBlocks(string markdown) => Block().Replace(markdown, "");

    [GeneratedRegex(@"^ *```.*?^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex("""\]\((?<target>[^)\s]+)(\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(?<target>\S+)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();
}
