using System.Globalization;

namespace PipeServer.Instructions;

/// <summary>A run beside an earlier one, or beside the budgets: which workloads have grown, and in which functions.</summary>
/// <param name="Changes">The workloads that both have.</param>
/// <param name="WithoutEarlier">Workloads that were counted and have no earlier figure.</param>
/// <param name="Difference">What the earlier tools were, where they were others: then nothing can be said about the code.</param>
internal sealed record CountComparison(IReadOnlyList<WorkloadChange> Changes, IReadOnlyList<string> WithoutEarlier, string? Difference)
{
    // Of the functions that changed most, so many are shown a workload.
    private const int ShownFunctions = 12;

    /// <summary>The workloads that cost more than they may.</summary>
    public IEnumerable<string> Exceeded => Changes.Where(static change => change.IsExceeded).Select(static change => change.Name);

    /// <summary>The workloads whose budget could be lower.</summary>
    public IEnumerable<string> CouldBeLower => Changes.Where(static change => change.CouldBeLower).Select(static change => change.Name);

    /// <summary>Compares a run with an earlier one.</summary>
    public static CountComparison Between(CountResult before, CountResult now, GrowthLimits limits)
    {
        var changes = new List<WorkloadChange>();
        var without = new List<string>();
        foreach (var count in now.Workloads)
        {
            if (before.Workloads.FirstOrDefault(item => item.Name == count.Name) is { } earlier)
            {
                changes.Add(WorkloadChange.Between(earlier, count, limits, Workload.IsThroughWorkerByName(count.Name)));
            }
            else
            {
                without.Add(count.Name);
            }
        }

        return new CountComparison(changes, without, before.Tools.DifferenceTo(now.Tools));
    }

    /// <summary>Prints each workload, and under one that costs more than it may the functions that have changed most.</summary>
    public void Write(TextWriter output)
    {
        foreach (var change in Changes)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {change.Name,-14} {change.Before,10:N0} → {change.Now,10:N0}  {Math.Round((change.Growth - 1) * 100, 1):+0.0;-0.0;0.0} %{(change.IsExceeded ? "  grown" : "")}"));
            if (change.IsExceeded)
            {
                WriteFunctions(output, change.Functions);
            }
        }

        foreach (var name in WithoutEarlier)
        {
            output.WriteLine($"  {name,-14} has no earlier figure");
        }
    }

    private static void WriteFunctions(TextWriter output, IReadOnlyList<FunctionChange> functions)
    {
        var grown = functions.Where(static function => function.Change > 0).ToList();
        foreach (var function in grown.Take(ShownFunctions))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"      {function.Change,8:+0.0} ({function.Before:0.0} → {function.Now:0.0})  {function.Name}"));
        }

        WriteRest(output, "others that grew", grown.Skip(ShownFunctions));
        WriteRest(output, "those that shrank", functions.Where(static function => function.Change < 0));
    }

    private static void WriteRest(TextWriter output, string what, IEnumerable<FunctionChange> functions)
    {
        var changes = functions.Select(static function => function.Change).ToList();
        if (changes.Count > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {changes.Sum(),8:+0.0;-0.0}  {what} ({changes.Count})"));
        }
    }
}
