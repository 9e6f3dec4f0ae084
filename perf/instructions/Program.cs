using System.CommandLine;
using PipeServer.Instructions;
using PipeServer.Perf;

// dotnet run --project perf/instructions -c Release                  counts every workload, nginx beside it
// dotnet run --project perf/instructions -c Release -- --check       fails when a workload exceeds its budget
// dotnet run --project perf/instructions -c Release -- --kestrel --save perf/results/instructions.json
var workloads = new Option<string[]>("--workloads") { Description = "Only these, by name.", AllowMultipleArgumentsPerToken = true };
var source = new Option<string?>("--source") { Description = "Another checkout to measure instead of this one.", HelpName = "FOLDER" };
var withoutNginx = new Option<bool>("--without-nginx") { Description = "Do not measure nginx beside it." };
var kestrel = new Option<bool>("--kestrel") { Description = "Measure a native Kestrel beside it." };
var save = new Option<string?>("--save") { Description = "Save the run.", HelpName = "FILE" };
var against = new Option<string?>("--against") { Description = "Compare with a saved run; exit code 1 when a workload has grown.", HelpName = "FILE" };
var check = new Option<bool>("--check")
{
    Description = "Compare with the budgets; exit code 1 when one is exceeded by 2 % (4 % through a worker). Without peers. "
        + "Where nothing can be counted, or with other tools than the budgets', it says so and does not fail.",
};
var lower = new Option<bool>("--lower") { Description = "Write the budgets that can be lower; raise none. Each workload is counted three times." };
var saveBudgets = new Option<bool>("--save-budgets") { Description = "Write what is counted as the budgets, higher or lower." };
var budgets = new Option<string?>("--budgets") { Description = "Another file of budgets than perf/instructions/budgets.json.", HelpName = "FILE" };
var root = new RootCommand("Counts the user-space instructions of a request, by callgrind, in the native file.")
{
    workloads, source, withoutNginx, kestrel, save, against, check, lower, saveBudgets, budgets,
};
root.Validators.Add(result =>
{
    if (new[] { check, lower, saveBudgets }.Count(option => result.GetValue(option)) > 1)
    {
        result.AddError("Of --check, --lower and --save-budgets only one can be done at a time.");
    }
});
root.SetAction(async (result, cancellation) =>
{
    var use = result.GetValue(check) ? BudgetUse.Check
        : result.GetValue(lower) ? BudgetUse.Lower
        : result.GetValue(saveBudgets) ? BudgetUse.Save
        : BudgetUse.None;
    var settings = new RunSettings(
        result.GetValue(workloads) ?? [], result.GetValue(source), use == BudgetUse.None && !result.GetValue(withoutNginx),
        use == BudgetUse.None && result.GetValue(kestrel), result.GetValue(save), result.GetValue(against), use, result.GetValue(budgets));
    using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    if (use == BudgetUse.Check)
    {
        end.CancelAfter(CountRun.LimitOfCheck);
    }

    try
    {
        return await new CountRun(settings).RunAsync(end.Token) ? 0 : 1;
    }
    catch (MeasurementException exception)
    {
        await Console.Error.WriteLineAsync($"instructions: {exception.Message}");
        return 2;
    }
    catch (OperationCanceledException)
    {
        await Console.Error.WriteLineAsync(
            cancellation.IsCancellationRequested
                ? "instructions: stopped; nothing was saved."
                : $"instructions: the check has not ended within {CountRun.LimitOfCheck.TotalMinutes} minutes.");
        return 2;
    }
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
