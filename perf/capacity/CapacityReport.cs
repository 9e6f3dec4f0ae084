using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>
/// The file of the tables, a section for each: a run of some parts replaces theirs and keeps the others. And the page that shows them, each between two comments.
/// </summary>
internal static class CapacityReport
{
    /// <summary>What a section's first line begins with; its name follows.</summary>
    public const string HeadBegin = "## ";

    /// <summary>What a place of the page begins with; the table's name and <see cref="CommentEnd"/> follow.</summary>
    public const string PlaceBegin = "<!-- perf/capacity: ";

    /// <summary>Where a place ends.</summary>
    public const string PlaceEnd = "<!-- end of perf/capacity -->";

    private const string CommentEnd = " -->";
    private const string Title = "# What the capacity page was made from\n\nWritten by `dotnet run --project perf/capacity -c Release`, which docs/capacity.md explains.\n";

    /// <summary>Puts sections into the place of those of the same name; new ones come last.</summary>
    /// <param name="saved">The file as it was; empty where there is none.</param>
    /// <param name="sections">Each with its head.</param>
    public static string Merge(string saved, IEnumerable<string> sections)
    {
        var all = Sections(saved);
        foreach (var section in sections)
        {
            var at = all.FindIndex(other => Name(other) == Name(section));
            if (at < 0)
            {
                all.Add(section);
            }
            else
            {
                all[at] = section;
            }
        }

        return string.Join('\n', all.Select(static section => section.TrimEnd() + "\n").Prepend(Title));
    }

    /// <summary>Replaces what stands in each place of the page.</summary>
    /// <param name="page">With at least one place.</param>
    /// <param name="saved">The file of the tables.</param>
    /// <exception cref="MeasurementException">A place has no table, or no end, or there is none.</exception>
    public static string Fill(string page, string saved)
    {
        var sections = Sections(saved).ToDictionary(Name, StringComparer.Ordinal);
        var filled = 0;
        for (var begin = page.IndexOf(PlaceBegin, StringComparison.Ordinal); begin >= 0; begin = page.IndexOf(PlaceBegin, begin + 1, StringComparison.Ordinal))
        {
            var content = page.IndexOf(CommentEnd, begin, StringComparison.Ordinal) + CommentEnd.Length;
            var name = page[(begin + PlaceBegin.Length)..(content - CommentEnd.Length)];
            var end = page.IndexOf(PlaceEnd, content, StringComparison.Ordinal);
            if (end < 0 || !sections.TryGetValue(name, out var section))
            {
                throw new MeasurementException(end < 0 ? $"the place of {name} has no '{PlaceEnd}'." : $"there is no table {name} for the page.");
            }

            var body = section[(section.IndexOf('\n', StringComparison.Ordinal) + 1)..].Trim();
            page = $"{page[..content]}\n\n{body}\n\n{page[end..]}";
            filled++;
        }

        return filled > 0 ? page : throw new MeasurementException($"the page has no place for a table: '{PlaceBegin}NAME{CommentEnd}'.");
    }

    private static string Name(string section) => section[HeadBegin.Length..section.IndexOf('\n', StringComparison.Ordinal)].Trim();

    private static List<string> Sections(string saved) =>
        [.. ("\n" + saved).Split("\n" + HeadBegin).Skip(1).Select(static section => $"{HeadBegin}{section.TrimEnd()}\n")];
}
