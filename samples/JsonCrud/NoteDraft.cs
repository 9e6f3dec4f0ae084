using PipeServer;

namespace JsonCrud;

/// <summary>A note as clients send it. The reading of the JSON refuses what is of another type, and null.</summary>
internal sealed record NoteDraft(string Title = "", string Text = "")
{
    private const int MaxTitleLength = 100;
    private const int MaxTextLength = 10_000;

    /// <summary>The same without blanks around the title.</summary>
    /// <exception cref="BadHttpRequestException">A value is out of its range: 400.</exception>
    public NoteDraft Checked()
    {
        var title = Title.Trim();
        if (title.Length is 0 or > MaxTitleLength)
        {
            throw new BadHttpRequestException($"title must have 1 to {MaxTitleLength} characters; it has {title.Length}.");
        }

        return Text.Length <= MaxTextLength
            ? this with { Title = title }
            : throw new BadHttpRequestException($"text may have up to {MaxTextLength} characters; it has {Text.Length}.");
    }
}
