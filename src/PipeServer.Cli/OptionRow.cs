using System.CommandLine;

namespace PipeServer.Cli;

/// <summary>One option of the command line: what it is called and takes, and what becomes of its value.</summary>
/// <param name="Option">Its name, its help, its default and its rules.</param>
/// <param name="Apply">Puts its value into the settings.</param>
internal sealed record OptionRow(Option Option, Action<ParseResult, ServeSettings> Apply)
{
    /// <summary>What an option means that may go without a value, and does; null for all others.</summary>
    public string? Implied { get; init; }

    /// <summary>What the library calls it where its name can come up in a message; null where it cannot.</summary>
    public string? Property { get; init; }

    /// <summary>It names a source of values for the others, and has none in such a source itself.</summary>
    public bool IsSource { get; init; }

    /// <summary>An option with a value of its own kind.</summary>
    public static OptionRow Of<T>(Option<T> option, Action<ServeSettings, T> apply) =>
        new(option, (result, settings) => apply(settings, result.GetValue(option)!));

    /// <summary>
    /// An option that may go without a value: it is null when it is not given, or taken back by <c>=false</c>.
    /// </summary>
    public static OptionRow OfOptional(Option<string?> option, string implied, Action<ServeSettings, string?> apply) =>
        new(option, (result, settings) =>
        {
            var isGiven = result.GetResult(option) is { Implicit: false } && result.GetValue(option) != "false";
            apply(settings, isGiven ? result.GetValue(option) ?? implied : null);
        })
        { Implied = implied };
}
