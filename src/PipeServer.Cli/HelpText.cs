using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;

namespace PipeServer.Cli;

/// <summary>The help of a command: one screen, by groups, with defaults and examples.</summary>
internal sealed class HelpText(string usage, IReadOnlyList<OptionGroup> groups, string ending) : SynchronousCommandLineAction
{
    private const int NameColumn = 32;
    private const int Width = 122;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(usage);
        output.WriteLine();
        foreach (var group in groups)
        {
            output.WriteLine($"{group.Title}:");
            if (group.IsDense)
            {
                WriteDensely(output, group.Rows);
                continue;
            }

            foreach (var option in group.Rows.Select(static row => row.Option))
            {
                var standard = Default(option);
                var names = "  " + Names(option);
                output.WriteLine($"{names.PadRight(NameColumn)} {option.Description}{(standard.Length > 0 ? $" [{standard}]" : "")}");
            }
        }

        output.WriteLine();
        output.WriteLine(ending);
        return 0;
    }

    // Names that speak for themselves, as many to a line as there is room for; docs/command-line.md has a sentence for each.
    private static void WriteDensely(TextWriter output, IReadOnlyList<OptionRow> rows)
    {
        var line = "";
        foreach (var option in rows.Select(static row => row.Option))
        {
            var entry = $"{option.Name} {option.HelpName} [{Default(option)}]";
            if (line.Length + 2 + entry.Length > Width)
            {
                output.WriteLine(line);
                line = "";
            }

            line = line.Length == 0 ? "  " + entry : line + "  " + entry;
        }

        output.WriteLine(line);
    }

    private static string Names(Option option)
    {
        var alias = option.Aliases.FirstOrDefault(static name => name.Length == 2);
        var value = option.HelpName is null ? ""
            : option.Arity.MinimumNumberOfValues == 0 ? $" [{option.HelpName}]" : $" {option.HelpName}";
        return (alias is null ? "    " : alias + ", ") + option.Name + value;
    }

    private static string Default(Option option) =>
        option.HasDefaultValue && option.GetDefaultValue() is { } value and not false
            ? value switch
            {
                IEnumerable<string> items => string.Join(", ", items),
                Enum name => name.ToString().ToLowerInvariant(),
                _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            }
            : "";
}
