using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>One run: publishes, counts each workload in a process of its own, prints and saves the figures, and judges them.</summary>
internal sealed class CountRun(RunSettings settings)
{
    // A budget is the median of so many counts, each in a process of its own; what exceeds one is counted so many times in all, and the
    // least counts: what else the machine does can only add to a count, while what the code has grown by is in each.
    private const int Counts = 3;

    /// <summary>A check that takes longer fails: it belongs to every build, where it takes about three minutes on a quiet machine.</summary>
    public static readonly TimeSpan LimitOfCheck = TimeSpan.FromMinutes(15);

    private string _repository = "";

    /// <summary>Counts.</summary>
    /// <returns>False when a workload has grown by more than is allowed against the saved run or its budget.</returns>
    /// <exception cref="MeasurementException">A tool is missing, or a server does not do what is expected.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        _repository = Checkout.Find();
        var workloads = Workload.Choose(settings.Workloads);
        var against = settings.Against is { } earlier ? CountJson.Read(earlier) : null;
        var budgetFile = settings.BudgetFile ?? Path.Combine(_repository, "perf", "instructions", "budgets.json");
        var budgets = settings.Use == BudgetUse.None || (settings.Use == BudgetUse.Save && !File.Exists(budgetFile)) ? null : CountJson.Read(budgetFile);
        try
        {
            await CountedMachine.RequireAsync(settings.WithNginx, cancellation);
        }
        catch (MeasurementException exception) when (settings.Use == BudgetUse.Check)
        {
            Console.WriteLine($"budgets: skipped: {exception.Message}");
            return true;
        }

        var result = await CountAllAsync(workloads, budgets, cancellation);
        if (settings.SaveAs is { } path)
        {
            CountJson.Write(path, result);
            Console.WriteLine($"Saved as {path}.");
        }

        return (against is null || Compare(against, result)) && Use(budgets, budgetFile, result);
    }

    private static string Row(WorkloadCount count) => string.Create(
        CultureInfo.InvariantCulture,
        $"  {count.Name,-17} {count.Instructions,10:N0}{Beside("nginx", count.Nginx)}{Beside("kestrel", count.Kestrel)}");

    private static string Beside(string name, double? instructions) =>
        instructions is { } figure ? string.Create(CultureInfo.InvariantCulture, $"   {name} {figure,10:N0}") : "";

    private bool Compare(CountResult against, CountResult result)
    {
        var comparison = CountComparison.Between(against, result, GrowthLimits.OfSavedRun);
        Console.WriteLine($"\nagainst {settings.Against}: {against.Commit}, {against.Tools}");
        if (comparison.Difference is { } difference)
        {
            Console.WriteLine($"with other tools ({difference}): the figures below say nothing about the code.");
        }

        comparison.Write(Console.Out);
        return comparison.Difference is not null || !comparison.Exceeded.Any();
    }

    private bool Use(CountResult? budgets, string budgetFile, CountResult result)
    {
        if (settings.Use == BudgetUse.Check)
        {
            return Budgets.Judge(budgets!, result, Console.Out);
        }

        if (settings.Use != BudgetUse.None)
        {
            try
            {
                CountJson.Write(budgetFile, Budgets.Replaced(budgets, result, mayRaise: settings.Use == BudgetUse.Save));
            }
            catch (InvalidOperationException exception)
            {
                throw new MeasurementException(exception.Message + "; count all of them with --save-budgets.");
            }

            Console.WriteLine($"Budgets are saved as {budgetFile}.");
        }

        return true;
    }

    private async Task<CountResult> CountAllAsync(IReadOnlyList<Workload> workloads, CountResult? budgets, CancellationToken cancellation)
    {
        var source = settings.Source is null ? _repository : Path.GetFullPath(settings.Source);
        var files = new NativeFiles(_repository, source);
        await files.PublishAsync(workloads.Select(static workload => workload.Server).Distinct(), cancellation);
        var tools = await CountedMachine.ToolsAsync(files.Compiler, cancellation);
        if (settings.WithKestrel)
        {
            await files.PublishAsync([NativeProgram.Kestrel], cancellation);
        }

        using var bench = await CountBench.OpenAsync(files, cancellation);
        var counts = new List<WorkloadCount>();
        foreach (var workload in workloads)
        {
            counts.Add(settings.Use switch
            {
                BudgetUse.Check when budgets!.Tools.DifferenceTo(tools) is null =>
                    await CountWithinAsync(bench, workload, budgets.Workloads.FirstOrDefault(budget => budget.Name == workload.Name), cancellation),
                BudgetUse.Lower or BudgetUse.Save => await CountMedianAsync(bench, workload, cancellation),
                _ => await CountBesideAsync(bench, workload, cancellation),
            });
            Console.WriteLine(Row(counts[^1]));
        }

        return new CountResult(await Checkout.CommitAsync(source, cancellation), tools, counts);
    }

    private async Task<WorkloadCount> CountBesideAsync(CountBench bench, Workload workload, CancellationToken cancellation)
    {
        var own = await bench.CountAsync(workload, cancellation);
        return own with
        {
            Nginx = settings.WithNginx && workload.TakesNginx ? await bench.CountNginxAsync(workload, cancellation) : null,
            Kestrel = settings.WithKestrel && workload.TakesKestrel ? await bench.CountKestrelAsync(workload, cancellation) : null,
        };
    }

    private static async Task<WorkloadCount> CountWithinAsync(CountBench bench, Workload workload, WorkloadCount? budget, CancellationToken cancellation)
    {
        var least = await bench.CountAsync(workload, cancellation);
        for (var count = 1; count < Counts && budget is not null && Exceeds(budget, least, workload); count++)
        {
            Console.WriteLine(Row(least) + "   more than its budget: counted again");
            var again = await bench.CountAsync(workload, cancellation);
            least = again.Instructions < least.Instructions ? again : least;
        }

        return least;
    }

    private static bool Exceeds(WorkloadCount budget, WorkloadCount count, Workload workload) =>
        WorkloadChange.Between(budget, count, GrowthLimits.OfBudget, workload.IsThroughWorker).IsExceeded;

    private static async Task<WorkloadCount> CountMedianAsync(CountBench bench, Workload workload, CancellationToken cancellation)
    {
        var counts = new List<WorkloadCount>();
        while (counts.Count < Counts)
        {
            counts.Add(await bench.CountAsync(workload, cancellation));
        }

        counts.Sort(static (first, second) => first.Instructions.CompareTo(second.Instructions));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {workload.Name,-17} from {counts[0].Instructions:N1} to {counts[^1].Instructions:N1} in {Counts} processes"));
        return counts[Counts / 2];
    }
}
