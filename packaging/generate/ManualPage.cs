using System.Text;

namespace PipeServer.Packaging;

/// <summary>The manual page: a template in people's words, with the options of each command put in.</summary>
internal static class ManualPage
{
    /// <summary>The template's place below the folder <c>packaging</c>.</summary>
    public const string Template = "man/pipeserver.1.in";

    /// <summary>Makes the page.</summary>
    /// <exception cref="InvalidDataException">The template lacks the place of a command's options.</exception>
    public static string Make(DescribedProgram program, string template)
    {
        var text = Put(template, "serve", string.Concat(program.Groups.Select(static group => $".SS {Escape(group.Title)}\n{Describe(group.Options)}")));
        foreach (var command in program.Commands.Where(command => !program.Serving.Contains(command)))
        {
            text = Put(text, command.Name, Describe(command.Options));
        }

        return text.Replace(".\\\" TEMPLATE", ".\\\" Made by packaging/generate from pipeserver.1.in and the table of options.", StringComparison.Ordinal);
    }

    private static string Put(string template, string name, string options)
    {
        var place = $".\\\" OPTIONS {name}\n";
        return template.Contains(place, StringComparison.Ordinal)
            ? template.Replace(place, options, StringComparison.Ordinal)
            : throw new InvalidDataException($"{Template} has no line '{place.TrimEnd()}'.");
    }

    private static string Describe(IEnumerable<DescribedOption> options)
    {
        var text = new StringBuilder();
        foreach (var option in options)
        {
            var value = option.ValueName is null ? ""
                : option.IsOptional ? $"[=\\fI{Escape(option.ValueName)}\\fR]"
                : $"=\\fI{Escape(option.ValueName)}\\fR";
            var alias = option.Alias is null ? "" : $"\\fB{Escape(option.Alias)}\\fR, ";
            text.Append($".TP\n{alias}\\fB{Escape(option.Name)}\\fR{value}\n{Escape(option.Description)}\n");
            if (option.Default.Length > 0)
            {
                text.Append($"Default: {Escape(option.Default)}.\n");
            }
        }

        return text.ToString();
    }

    // A dash is a minus, which can be copied to a command line; a line must not begin with what roff takes for a request.
    private static string Escape(string text)
    {
        var escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
