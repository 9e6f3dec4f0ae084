namespace PipeServer.Cli;

/// <summary>Options that belong together, as help and <c>check</c> show them.</summary>
/// <param name="Title">What they are about.</param>
/// <param name="Rows">The options.</param>
/// <param name="IsDense">Help shows names and defaults only.</param>
internal sealed record OptionGroup(string Title, IReadOnlyList<OptionRow> Rows, bool IsDense = false);
