using System.Globalization;
using System.Text;

namespace PipeServer.Capacity;

/// <summary>A table of the capacity page: how its figures were made, its columns and rows.</summary>
/// <param name="Name">What the page and <c>--only</c> know it by, like <c>settings-ports</c>.</param>
/// <param name="Method">How it was measured, in a sentence or some.</param>
/// <param name="Columns">The heads. The first column is words, the others figures.</param>
/// <param name="Rows">As many cells in each as there are columns.</param>
internal sealed record CapacityTable(string Name, string Method, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>What stands where there is no figure.</summary>
    public const string Nothing = "–";

    /// <summary>As a section of Markdown.</summary>
    /// <param name="made">Date, commit, machine and command of the run.</param>
    public string Write(string made)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{CapacityReport.HeadBegin}{Name}").AppendLine();
        if (Rows.Count > 0)
        {
            WriteRow(text, Columns);
            WriteRow(text, Columns.Select(static (_, index) => index == 0 ? "---" : "---:"));
            foreach (var row in Rows)
            {
                WriteRow(text, row);
            }

            text.AppendLine();
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"{Method} {made}");
        return text.ToString();
    }

    /// <summary>
    /// A figure as it stands in a cell: whole numbers as they are, others with three digits or more, commas between thousands; <see cref="Nothing"/> for null and what is no number.
    /// </summary>
    public static string Figure(double? value) => value switch
    {
        null => Nothing,
        double number when !double.IsFinite(number) => Nothing,
        double number when Math.Abs(number) >= 99.95 || double.IsInteger(number) => number.ToString("N0", CultureInfo.InvariantCulture),
        double number when Math.Abs(number) >= 9.995 => number.ToString("F1", CultureInfo.InvariantCulture),
        double number => number.ToString("F2", CultureInfo.InvariantCulture),
    };

    private static void WriteRow(StringBuilder text, IEnumerable<string> cells) => text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |");
}
