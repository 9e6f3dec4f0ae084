namespace PipeServer.Cli;

/// <summary>Finds the known name that a mistyped one was probably meant to be.</summary>
internal static class Suggestion
{
    /// <summary>" Did you mean …?" with the nearest of the known names, or an empty string when none is near.</summary>
    public static string For(string name, IEnumerable<string> known) =>
        Nearest(name, known) is { } nearest ? $" Did you mean {nearest}?" : "";

    /// <summary>The known name with the fewest wrong letters, at most one in three; null when there is none.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        var best = known
            .Select(candidate => (Name: candidate, Distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .MinBy(static candidate => candidate.Distance);
        return best.Name is not null && best.Distance <= Math.Max(1, name.Trim('-').Length / 3) ? best.Name : null;
    }

    // How many edits turn one name into the other: a letter put in, taken out, replaced, or swapped with its neighbour.
    private static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var cost = from[i - 1] == to[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[from.Length, to.Length];
    }
}
