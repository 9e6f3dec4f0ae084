namespace PipeServer.Packaging;

/// <summary>An option as people read of it.</summary>
/// <param name="Name">Its name, with the dashes.</param>
/// <param name="Alias">Its name of one letter, with the dash; or null.</param>
/// <param name="Description">What it does, in a sentence or two.</param>
/// <param name="ValueName">What its value is called; null for a switch.</param>
/// <param name="Kind">What its value is.</param>
/// <param name="Choices">The words that a shell offers for the value.</param>
/// <param name="IsOptional">It may be given without its value.</param>
/// <param name="IsRepeatable">It may be given several times.</param>
/// <param name="Default">The value when it is not given; empty where there is none.</param>
internal sealed record DescribedOption(
    string Name, string? Alias, string Description, string? ValueName, ValueKind Kind, IReadOnlyList<string> Choices, bool IsOptional, bool IsRepeatable,
    string Default)
{
    /// <summary>The description for a list: without the full stop.</summary>
    public string Short => Description.TrimEnd('.');
}
