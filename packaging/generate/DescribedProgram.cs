using System.Collections;
using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.Globalization;
using PipeServer.Cli;

namespace PipeServer.Packaging;

/// <summary>The command line as people read of it: all that its own table and parser know.</summary>
/// <param name="Commands">The commands; <c>serve</c> and <c>check</c> have the same options.</param>
/// <param name="Groups">The options of <c>serve</c> by what they are about, in the order of the help.</param>
internal sealed record DescribedProgram(IReadOnlyList<DescribedCommand> Commands, IReadOnlyList<(string Title, IReadOnlyList<DescribedOption> Options)> Groups)
{
    /// <summary>The options of every command.</summary>
    public static readonly DescribedOption Help = Switch("--help", "-h", "Show the help of a command.");

    /// <summary>The option of the program itself.</summary>
    public static readonly DescribedOption Version = Switch("--version", null, "Show the version.");

    // What the machine decides: the page is not about the one that it was made on.
    private static readonly Dictionary<string, string> DefaultsOfTheMachine = new(StringComparer.Ordinal)
    {
        ["--workers"] = "one per core, at least 4",
        ["--loops"] = "one per core",
    };

    /// <summary>The commands that take the options of the table.</summary>
    public IEnumerable<DescribedCommand> Serving => Commands.Where(static command => command.Argument == ValueKind.Folder);

    /// <summary>The commands, those together that have the same options.</summary>
    public IEnumerable<IGrouping<string, DescribedCommand>> WithSameOptions => Commands.GroupBy(
        static command => string.Join(' ', command.Options.Select(static option => option.Name)), StringComparer.Ordinal);

    /// <summary>Reads it from the parser.</summary>
    public static DescribedProgram Read()
    {
        var line = new CommandLine(new StandardStreams(), static _ => Task.FromResult(0));
        return new DescribedProgram(
            [.. line.Commands.Select(Describe)],
            [.. new OptionTable().Groups.Select(static group =>
                (group.Title, (IReadOnlyList<DescribedOption>)[.. group.Rows.Select(static row => Describe(row.Option))]))]);
    }

    private static DescribedCommand Describe(Command command) => new(
        command.Name,
        command.Description!,
        command.Arguments.FirstOrDefault()?.Name switch { null => ValueKind.None, "ROOT" => ValueKind.Folder, _ => ValueKind.Text },
        [.. command.Options.Where(static option => option is not HelpOption).Select(Describe)]);

    private static DescribedOption Describe(Option option)
    {
        var choices = option.ValueType == typeof(bool)
            ? []
            : option.CompletionSources.SelectMany(static source => source(CompletionContext.Empty))
                .Select(static item => item.Label.ToLowerInvariant()).Distinct(StringComparer.Ordinal).ToArray();
        return new DescribedOption(
            option.Name,
            option.Aliases.FirstOrDefault(static alias => alias.Length == 2),
            option.Description!,
            option.HelpName,
            option.HelpName switch
            {
                null => ValueKind.None,
                _ when choices.Length > 0 => ValueKind.Choice,
                "PATH" or "FILE" => ValueKind.File,
                _ => ValueKind.Text,
            },
            choices,
            IsOptional: option.HelpName is not null && option.Arity.MinimumNumberOfValues == 0,
            IsRepeatable: option.ValueType == typeof(string[]),
            DefaultsOfTheMachine.GetValueOrDefault(option.Name) ?? Default(option));
    }

    private static string Default(Option option) =>
        option.HasDefaultValue && option.GetDefaultValue() is { } value and not false
            ? value switch
            {
                IEnumerable<string> items => string.Join(", ", items),
                Enum name => name.ToString().ToLowerInvariant(),
                IEnumerable => "",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            }
            : "";

    private static DescribedOption Switch(string name, string? alias, string description) =>
        new(name, alias, description, null, ValueKind.None, [], IsOptional: false, IsRepeatable: false, "");
}
