using System.Text.Json;

namespace PipeServer.Tests.Support;

/// <summary>A Dockerfile, read as far as ours goes: stages, instructions, lines that go on, lists.</summary>
internal sealed class Dockerfile
{
    private Dockerfile(List<Stage> stages) => Stages = stages;

    public IReadOnlyList<Stage> Stages { get; }

    public static Dockerfile Read(string path)
    {
        var stages = new List<Stage>();
        var line = "";
        foreach (var part in File.ReadLines(path).Select(static part => part.Trim()).Where(static part => part.Length > 0 && part[0] != '#'))
        {
            line += part.TrimEnd('\\');
            if (part.EndsWith('\\'))
            {
                continue;
            }

            var space = line.IndexOf(' ');
            var instruction = new Instruction(line[..space], line[(space + 1)..].Trim());
            line = "";
            if (instruction.Name == "FROM")
            {
                var words = instruction.Rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                stages.Add(new Stage(words[0], words is [_, "AS", var name] ? name : "", []));
            }
            else
            {
                stages[^1].Instructions.Add(instruction);
            }
        }

        Assert.Equal("", line);
        return new Dockerfile(stages);
    }

    /// <summary>What begins with a FROM.</summary>
    internal sealed record Stage(string Base, string Name, List<Instruction> Instructions)
    {
        /// <summary>The one instruction of a name.</summary>
        public Instruction this[string name] => Assert.Single(Instructions, instruction => instruction.Name == name);
    }

    /// <summary>One instruction, with its lines joined.</summary>
    internal sealed record Instruction(string Name, string Rest)
    {
        /// <summary>The options in front, and what stands behind them.</summary>
        public (IReadOnlyList<string> Options, IReadOnlyList<string> Words) Split()
        {
            var words = Rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return ([.. words.TakeWhile(static word => word.StartsWith("--"))], [.. words.SkipWhile(static word => word.StartsWith("--"))]);
        }

        /// <summary>The list of the exec form; it fails for the form that needs a shell.</summary>
        public string[] List() => JsonSerializer.Deserialize<string[]>(Rest[Rest.IndexOf('[')..])!;
    }
}
