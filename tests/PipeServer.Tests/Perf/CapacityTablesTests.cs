using PipeServer.Capacity;
using PipeServer.Perf;

namespace PipeServer.Tests.Perf;

/// <summary>The tables of the capacity page: their form, the file that keeps them, and the page that shows them.</summary>
public sealed class CapacityTablesTests
{
    private static readonly CapacityTable Rates = new("rates", "One core.", ["kind", "requests/s"], [["plaintext", "158,940"], ["JSON", CapacityTable.Nothing]]);
    private static readonly CapacityTable Ports = new("settings-ports", "Skipped: no root.", [], []);

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(5.0, "5")]
    [InlineData(2_000.0, "2,000")]
    [InlineData(1.234, "1.23")]
    [InlineData(9.99, "9.99")]
    [InlineData(9.996, "10.0")]
    [InlineData(68.94, "68.9")]
    [InlineData(99.96, "100")]
    [InlineData(158_939.6, "158,940")]
    [InlineData(double.NaN, CapacityTable.Nothing)]
    [InlineData(double.PositiveInfinity, CapacityTable.Nothing)]
    [InlineData(null, CapacityTable.Nothing)]
    public void A_figure_has_three_digits_or_more(double? value, string text) => Assert.Equal(text, CapacityTable.Figure(value));

    [Fact]
    public void A_table_is_a_section_with_how_it_was_made() => Assert.Equal(
        "## rates\n\n| kind | requests/s |\n| --- | ---: |\n| plaintext | 158,940 |\n| JSON | – |\n\nOne core. Today.\n", Rates.Write("Today."));

    [Fact]
    public void A_part_that_was_skipped_says_so() => Assert.Equal("## settings-ports\n\nSkipped: no root. Today.\n", Ports.Write("Today."));

    [Fact]
    public void A_run_of_one_part_keeps_the_tables_of_the_others()
    {
        var both = CapacityReport.Merge("", [Rates.Write("Yesterday."), Ports.Write("Yesterday.")]);
        var again = CapacityReport.Merge(both, [Rates.Write("Today.")]);
        Assert.Equal(both.Replace("One core. Yesterday.", "One core. Today.", StringComparison.Ordinal), again);
        Assert.Equal(again, CapacityReport.Merge(again, []));
    }

    [Fact]
    public void The_page_shows_each_table_in_its_place_and_keeps_its_own_words()
    {
        var saved = CapacityReport.Merge("", [Rates.Write("Today."), Ports.Write("Today.")]);
        var page = $"# Capacity\n\n{Place("rates")}old{CapacityReport.PlaceEnd}\n\nWords.\n\n{Place("settings-ports")}{CapacityReport.PlaceEnd}\nEnd.\n";
        var filled = CapacityReport.Fill(page, saved);
        Assert.Equal(
            $"# Capacity\n\n{Place("rates")}\n\n| kind | requests/s |\n| --- | ---: |\n| plaintext | 158,940 |\n| JSON | – |\n\nOne core. Today.\n\n{CapacityReport.PlaceEnd}"
            + $"\n\nWords.\n\n{Place("settings-ports")}\n\nSkipped: no root. Today.\n\n{CapacityReport.PlaceEnd}\nEnd.\n",
            filled);
        Assert.Equal(filled, CapacityReport.Fill(filled, saved));
    }

    [Fact]
    public void A_place_without_a_table_or_an_end_is_named()
    {
        var saved = CapacityReport.Merge("", [Rates.Write("Today.")]);
        Assert.Contains("accept", Assert.Throws<MeasurementException>(() => CapacityReport.Fill(Place("accept") + CapacityReport.PlaceEnd, saved)).Message, StringComparison.Ordinal);
        Assert.Contains("rates", Assert.Throws<MeasurementException>(() => CapacityReport.Fill(Place("rates"), saved)).Message, StringComparison.Ordinal);
        Assert.Throws<MeasurementException>(() => CapacityReport.Fill("# Capacity\n", saved));
    }

    [Fact]
    public void The_page_and_the_saved_tables_are_the_same()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/capacity.md"));
        Assert.Equal(page, CapacityReport.Fill(page, File.ReadAllText(Path.Combine(Repository.Root, "perf/results/capacity.md"))));
    }

    private static string Place(string name) => $"{CapacityReport.PlaceBegin}{name} -->";
}
