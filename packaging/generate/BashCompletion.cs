using System.Text;

namespace PipeServer.Packaging;

/// <summary>The completion of bash: a function that looks at the word before, and needs nothing but bash.</summary>
internal static class BashCompletion
{
    /// <summary>Makes the file.</summary>
    public static string Make(DescribedProgram program)
    {
        var text = new StringBuilder("""
            # Completion of pipeserver for bash. Made by packaging/generate from the table of options.
            _pipeserver() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} kind=text words=
                # --option=value is three words here.
                if [[ $current == = ]]; then
                    current=
                elif [[ $previous == = ]]; then
                    previous=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                COMPREPLY=()
                if ((COMP_CWORD == 1)); then
                    mapfile -t COMPREPLY < <(compgen -W '
            """);
        text.Append(string.Join(' ', program.Commands.Select(static command => command.Name))).Append("""
             --help --version' -- "$current")
                    return
                fi
                case ${COMP_WORDS[1]} in

            """);
        foreach (var same in program.WithSameOptions)
        {
            Append(text, string.Join(" | ", same.Select(static command => command.Name)), same.First());
        }

        return text.Append("""
                esac
                case $kind in
                    file | folder)
                        compopt -o filenames 2>/dev/null
                        mapfile -t COMPREPLY < <(compgen -A "${kind/folder/directory}" -- "$current") ;;
                    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
                esac
            }
            complete -F _pipeserver pipeserver

            """).ToString();
    }

    private static void Append(StringBuilder text, string names, DescribedCommand command)
    {
        text.Append($"        {names})\n            case $previous in\n");
        foreach (var option in command.Options.Where(static option => option.Kind == ValueKind.Choice))
        {
            text.Append($"                {Names(option)}) kind=words words='{string.Join(' ', option.Choices)}' ;;\n");
        }

        AppendNames(text, command, ValueKind.File, "kind=file");
        AppendNames(text, command, ValueKind.Text, "return");
        var all = string.Join(' ', command.Options.Append(DescribedProgram.Help)
            .SelectMany(static option => option.Alias is null ? [option.Name] : new[] { option.Alias, option.Name }));
        var argument = command.Argument == ValueKind.Folder ? "kind=folder" : "return";
        text.Append("                *)\n                    if [[ $current == -* ]]; then\n")
            .Append($"                        kind=words words='{all}'\n")
            .Append($"                    else\n                        {argument}\n                    fi ;;\n")
            .Append("            esac ;;\n");
    }

    // Without its value an option may be the last word before another option, or before the folder.
    private static void AppendNames(StringBuilder text, DescribedCommand command, ValueKind kind, string action)
    {
        var names = command.Options.Where(option => option.Kind == kind && !option.IsOptional).Select(Names).ToList();
        if (names.Count > 0)
        {
            text.Append($"                {string.Join(" | ", names)}) {action} ;;\n");
        }
    }

    private static string Names(DescribedOption option) => option.Alias is null ? option.Name : $"{option.Alias} | {option.Name}";
}
