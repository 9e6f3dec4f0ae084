using System.CommandLine;

namespace PipeServer.Cli;

/// <summary>One option of the command line: what it is called and takes, and what becomes of its value.</summary>
/// <param name="Option">Its name, its help, its default and its rules.</param>
/// <param name="Apply">Puts its value into the settings.</param>
internal sealed record OptionRow(Option Option, Action<ParseResult, ServeSettings> Apply)
{
    /// <summary>The value that the option has when it is given without one; null for options that need a value.</summary>
    public string? Implied { get; init; }

    /// <summary>The library's name of the option, where messages of the library may contain it; null otherwise.</summary>
    public string? Property { get; init; }

    /// <summary>Its value may hold a secret: the admin side tells only whether there is one. <c>check</c>, which its user has started, shows it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>A site of the configuration file may have a value of its own.</summary>
    public bool IsOfSites { get; init; }

    /// <summary>The option names a source of values for the others, so such a source cannot set it.</summary>
    public bool IsSource { get; init; }

    /// <summary>An option with a value of its own kind.</summary>
    public static OptionRow Of<T>(Option<T> option, Action<ServeSettings, T> apply) =>
        new(option, (result, settings) => apply(settings, result.GetValue(option)!));

    /// <summary>
    /// An option that may be given without a value: it is null when it is not given, or when <c>=false</c> takes it back.
    /// </summary>
    public static OptionRow OfOptional(Option<string?> option, string implied, Action<ServeSettings, string?> apply) =>
        new(option, (result, settings) =>
        {
            var isGiven = result.GetResult(option) is { Implicit: false } && result.GetValue(option) != "false";
            apply(settings, isGiven ? result.GetValue(option) ?? implied : null);
        })
        { Implied = implied };
}
