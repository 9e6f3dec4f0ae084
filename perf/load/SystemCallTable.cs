using System.Globalization;

namespace PipeServer.Load;

/// <summary>How often each system call was made, from the summary that <c>strace -c</c> writes.</summary>
internal static class SystemCallTable
{
    /// <summary>Calls by name, those made most often first.</summary>
    /// <exception cref="FormatException">A row of the summary has no number of calls.</exception>
    public static IReadOnlyList<(string Name, long Calls)> Parse(IEnumerable<string> lines)
    {
        var calls = new List<(string Name, long Calls)>();
        foreach (var line in lines)
        {
            // % time, seconds, usecs/call, calls, perhaps errors, name
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is [_, _, _, var number, .., var name] && name is not ("total" or "syscall") && !line.StartsWith('-'))
            {
                calls.Add((name, long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture)));
            }
        }

        return [.. calls.OrderByDescending(static call => call.Calls).ThenBy(static call => call.Name, StringComparer.Ordinal)];
    }
}
