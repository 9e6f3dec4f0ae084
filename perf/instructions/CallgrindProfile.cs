using System.Globalization;
using System.Text.RegularExpressions;

namespace PipeServer.Instructions;

/// <summary>
/// What callgrind has counted: instructions altogether and, without those of the functions that it calls, of each function. The
/// format is that of Valgrind's manual, "Callgrind Format Specification".
/// </summary>
internal sealed partial class CallgrindProfile
{
    private readonly Dictionary<string, long> _functions = new(StringComparer.Ordinal);

    private CallgrindProfile()
    {
    }

    /// <summary>All instructions.</summary>
    public long Total { get; private set; }

    /// <summary>Instructions by function. Numbers of state machines and recursions are left out of the names.</summary>
    public IReadOnlyDictionary<string, long> Functions => _functions;

    /// <summary>Reads a profile that counts one event, instructions.</summary>
    /// <exception cref="FormatException">A line is not of the format.</exception>
    public static CallgrindProfile Read(IEnumerable<string> lines)
    {
        var profile = new CallgrindProfile();
        var names = new Dictionary<string, string>(StringComparer.Ordinal); // "(12)" → the name that it stands for
        var function = "";
        var isCost = true;
        foreach (var line in lines)
        {
            if (line.StartsWith("fn=", StringComparison.Ordinal))
            {
                function = Resolve(line["fn=".Length..], names);
            }
            else if (line.StartsWith("cfn=", StringComparison.Ordinal))
            {
                _ = Resolve(line["cfn=".Length..], names); // may be the one place that tells the name
            }
            else if (line.StartsWith("calls=", StringComparison.Ordinal))
            {
                isCost = false; // the next line is what the call cost inside: counted where it was spent
            }
            else if (line.Length > 0 && (char.IsAsciiDigit(line[0]) || line[0] is '+' or '-' or '*'))
            {
                if (isCost && line.Split(' ') is [_, var cost, ..])
                {
                    profile.Add(function, long.Parse(cost, NumberStyles.None, CultureInfo.InvariantCulture));
                }

                isCost = true;
            }
        }

        return profile;
    }

    private static string Resolve(string text, Dictionary<string, string> names)
    {
        var end = text.IndexOf(')', StringComparison.Ordinal) + 1;
        var key = text[..end];
        if (end < text.Length)
        {
            names[key] = Numbers().Replace(text[end..].Trim(), "");
        }

        return names.TryGetValue(key, out var name) ? name : throw new FormatException($"The profile never names the function {key}.");
    }

    private void Add(string function, long instructions)
    {
        Total += instructions;
        _functions[function] = _functions.GetValueOrDefault(function) + instructions;
    }

    // Of a state machine, and of the depth of a recursion.
    [GeneratedRegex("(?<=_d__)[0-9]+|'[0-9]+$")]
    private static partial Regex Numbers();
}
