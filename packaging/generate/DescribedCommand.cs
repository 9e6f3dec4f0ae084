namespace PipeServer.Packaging;

/// <summary>A command as people read of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Argument">What its argument is; <see cref="ValueKind.None"/> where it has none.</param>
/// <param name="Options">Its options.</param>
internal sealed record DescribedCommand(string Name, string Description, ValueKind Argument, IReadOnlyList<DescribedOption> Options)
{
    /// <summary>The description for a list: without the full stop.</summary>
    public string Short => Description.TrimEnd('.');
}
