using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace PipeServer.SampleTests;

/// <summary>
/// What a README shows of a terminal: lines that begin with <c>$</c> are commands, those below them what they write. <c>…</c> stands for anything in a line,
/// and alone in a line for any lines.
/// </summary>
internal static partial class ConsoleBlock
{
    /// <summary>Runs every command of a README in a folder, and compares.</summary>
    /// <param name="readme">Its text.</param>
    /// <param name="folder">Where they run.</param>
    /// <param name="replacements">What in the commands is another thing here, as the port.</param>
    /// <returns>How many commands there were.</returns>
    public static async Task<int> RunAsync(string readme, string folder, params (string Text, string Here)[] replacements)
    {
        var count = 0;
        foreach (var (command, expected) in Blocks().Matches(readme).SelectMany(static block => CommandsOf(block.Groups["block"].Value)))
        {
            var here = replacements.Aggregate(command, static (text, replacement) => text.Replace(replacement.Text, replacement.Here));
            var actual = await OutputAsync(here, folder);
            Assert.True(PatternOf(expected).IsMatch(actual), $"{here}\nexpected:\n{expected}\nactual:\n{actual}");
            count++;
        }

        return count;
    }

    private static List<(string Command, string Expected)> CommandsOf(string block)
    {
        List<(string Command, string Expected)> commands = [];
        foreach (var line in block.Split('\n'))
        {
            if (line.StartsWith("$ "))
            {
                commands.Add((line[2..], ""));
            }
            else if (line.Length > 0)
            {
                commands[^1] = (commands[^1].Command, commands[^1].Expected + line + "\n");
            }
        }

        return commands;
    }

    private static Regex PatternOf(string expected)
    {
        var pattern = new StringBuilder(@"\A");
        foreach (var line in expected.TrimEnd('\n').Split('\n'))
        {
            pattern.Append(line == "…" ? "(?:.*\n)*?" : $"{Regex.Escape(line).Replace("…", ".*")}\n");
        }

        return new Regex(pattern.Append(@"\z").ToString(), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
    }

    private static async Task<string> OutputAsync(string command, string folder)
    {
        var (_, output, _) = await ClientProgram.EndAsync(new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = folder }, Waiting.Patience);
        return output.ReplaceLineEndings("\n").TrimEnd('\n') + "\n"; // line ends of heads, and a last line without one
    }

    [GeneratedRegex("^```console\n(?<block>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
