using System.Text;

namespace PipeServer.Packaging;

/// <summary>The completion of fish: a line for each option.</summary>
internal static class FishCompletion
{
    /// <summary>Makes the file.</summary>
    public static string Make(DescribedProgram program)
    {
        var text = new StringBuilder("# Completion of pipeserver for fish. Made by packaging/generate from the table of options.\ncomplete -c pipeserver -f\n");
        Append(text, "", DescribedProgram.Help);
        Append(text, "-n __fish_use_subcommand ", DescribedProgram.Version);
        foreach (var command in program.Commands)
        {
            text.Append($"complete -c pipeserver -n __fish_use_subcommand -a {command.Name} -d {Quote(command.Short)}\n");
        }

        foreach (var same in program.WithSameOptions)
        {
            var condition = $"-n '__fish_seen_subcommand_from {string.Join(' ', same.Select(static command => command.Name))}' ";
            if (same.First().Argument == ValueKind.Folder)
            {
                text.Append($"complete -c pipeserver {condition}-a '(__fish_complete_directories)'\n");
            }

            foreach (var option in same.First().Options)
            {
                Append(text, condition, option);
            }
        }

        return text.ToString();
    }

    // -x: the value and nothing else; -rF: a value, which is a file; neither: a switch, or a value that may be left out.
    private static void Append(StringBuilder text, string condition, DescribedOption option)
    {
        var alias = option.Alias is null ? "" : $"-s {option.Alias[1..]} ";
        var value = option.Kind switch
        {
            _ when option.IsOptional => "",
            ValueKind.None => "",
            ValueKind.Choice => $"-x -a {Quote(string.Join(' ', option.Choices))} ",
            ValueKind.File => "-rF ",
            _ => "-x ",
        };
        text.Append($"complete -c pipeserver {condition}{alias}-l {option.Name[2..]} {value}-d {Quote(option.Short)}\n");
    }

    private static string Quote(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
