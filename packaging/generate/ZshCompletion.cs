using System.Text;

namespace PipeServer.Packaging;

/// <summary>The completion of zsh, by its <c>_arguments</c>.</summary>
internal static class ZshCompletion
{
    /// <summary>Makes the file.</summary>
    public static string Make(DescribedProgram program)
    {
        var text = new StringBuilder("""
            #compdef pipeserver
            # Made by packaging/generate from the table of options.
            _pipeserver() {
                local curcontext=$curcontext state state_descr line
                local -A opt_args
                local -a commands=(

            """);
        foreach (var command in program.Commands)
        {
            text.Append($"        {Quote($"{command.Name}:{command.Short}")}\n");
        }

        text.Append("    )\n    _arguments -C \\\n")
            .Append(Specification("        ", DescribedProgram.Help, "(- *)"))
            .Append(Specification("        ", DescribedProgram.Version, "(- *)"))
            .Append("        '1:command:->command' \\\n        '*::argument:->argument' && return\n")
            .Append("    case $state in\n        command) _describe command commands ;;\n        argument)\n            case $words[1] in\n");
        foreach (var same in program.WithSameOptions)
        {
            text.Append($"                {string.Join(" | ", same.Select(static command => command.Name))})\n                    _arguments -S \\\n");
            foreach (var option in same.First().Options)
            {
                text.Append(Specification("                        ", option));
            }

            text.Append(Specification("                        ", DescribedProgram.Help, "(- *)"))
                .Append(same.First().Argument switch
                {
                    ValueKind.Folder => "                        '1:folder:_files -/'\n",
                    ValueKind.Text => "                        '1:URL: '\n",
                    _ => "                        '*: : '\n",
                })
                .Append("                    ;;\n");
        }

        return text.Append("            esac ;;\n    esac\n}\n\n_pipeserver \"$@\"\n").ToString();
    }

    // A line, or two where there is a short name, each with the names that go out with it.
    private static string Specification(string indent, DescribedOption option, string? excluded = null)
    {
        var names = option.Alias is null ? new[] { option.Name } : [option.Alias, option.Name];
        var before = excluded ?? (option.IsRepeatable ? "*" : $"({string.Join(' ', names)})");
        var value = option.Kind == ValueKind.None ? ""
            : $"{(option.IsOptional ? "::" : ":")}{option.ValueName!.Replace(":", "\\:", StringComparison.Ordinal)}:{Action(option)}";
        var description = option.Short.Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
        return string.Concat(names.Select(name =>
        {
            var separator = option.Kind == ValueKind.None ? "" : name.Length == 2 ? "+" : "=";
            return $"{indent}{Quote($"{before}{name}{separator}[{description}]{value}")} \\\n";
        }));
    }

    private static string Action(DescribedOption option) => option.Kind switch
    {
        ValueKind.Choice => $"({string.Join(' ', option.Choices)})",
        ValueKind.File => "_files",
        _ => " ",
    };

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
