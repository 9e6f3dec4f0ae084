using PipeServer.Instructions;

namespace PipeServer.Tests.Perf;

public sealed class BudgetsTests
{
    private static readonly Toolchain Tools = new("10.0.401", "ILCompiler/10.0.12", "valgrind-3.19.0", "glibc 2.36", "AVX2, several cores");

    [Theory]
    [InlineData("plaintext", 1020, true)]
    [InlineData("plaintext", 1021, false)]
    [InlineData("worker", 1040, true)]
    [InlineData("worker", 1041, false)]
    [InlineData("json", 1040, true)]
    [InlineData("file-1k", 1021, false)]
    public void A_workload_may_exceed_its_budget_by_two_percent_and_by_four_through_a_worker(string name, double now, bool isKept)
    {
        var (verdict, output) = Judge(Run(Count(name, 1000)), Run(Count(name, now)));
        Assert.Equal(isKept, verdict);
        Assert.Contains(isKept ? "budgets: kept by 1 workloads" : $"budgets: {name} exceeds its budget", output[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_functions_that_grew_are_named_with_their_growth()
    {
        var before = Count("plaintext", 1000, ("Parse", 400), ("Route", 100), ("Flush", 500));
        var now = Count("plaintext", 1200, ("Parse", 550.5), ("Route", 90), ("Flush", 500.4), ("Log", 60));
        var (verdict, output) = Judge(Run(before), Run(now));
        Assert.False(verdict);
        var parse = Array.FindIndex(output, static line => line.Contains("+150.5 (400.0 → 550.5)  Parse", StringComparison.Ordinal));
        var log = Array.FindIndex(output, static line => line.Contains("+60.0 (0.0 → 60.0)  Log", StringComparison.Ordinal));
        Assert.True(parse > 0 && log > parse, string.Join('\n', output));
        Assert.Contains(output, static line => line.Contains("-10.0  those that shrank (1)", StringComparison.Ordinal));
        Assert.DoesNotContain(output, static line => line.Contains("Flush", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_twelve_functions_are_named_and_the_others_are_summed()
    {
        var functions = Enumerable.Range(1, 20).Select(static number => ($"F{number:00}", 10.0 * number)).ToArray();
        var (_, output) = Judge(Run(Count("plaintext", 1000)), Run(Count("plaintext", 3100, functions)));
        Assert.Contains(output, static line => line.EndsWith("F09", StringComparison.Ordinal));
        Assert.DoesNotContain(output, static line => line.EndsWith("F08", StringComparison.Ordinal));
        Assert.Contains(output, static line => line.Contains("+360.0  others that grew (8)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("10.0.402", "ILCompiler/10.0.12", "valgrind-3.19.0", "glibc 2.36", "AVX2, several cores")]
    [InlineData("10.0.401", "ILCompiler/10.0.13", "valgrind-3.19.0", "glibc 2.36", "AVX2, several cores")]
    [InlineData("10.0.401", "ILCompiler/10.0.12", "valgrind-3.24.0", "glibc 2.36", "AVX2, several cores")]
    [InlineData("10.0.401", "ILCompiler/10.0.12", "valgrind-3.19.0", "glibc 2.41", "AVX2, several cores")]
    [InlineData("10.0.401", "ILCompiler/10.0.12", "valgrind-3.19.0", "glibc 2.36", "no AVX2, several cores")]
    public void With_other_tools_it_prints_and_does_not_fail(string sdk, string compiler, string valgrind, string libc, string processor)
    {
        var now = new CountResult("now", new Toolchain(sdk, compiler, valgrind, libc, processor), [Count("plaintext", 9000)]);
        var (verdict, output) = Judge(Run(Count("plaintext", 1000)), now);
        Assert.True(verdict);
        Assert.Contains(output, static line => line.Contains("9,000", StringComparison.Ordinal));
        Assert.StartsWith("budgets: not judged", output[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_workload_without_a_budget_fails()
    {
        var (verdict, output) = Judge(Run(Count("plaintext", 1000)), Run(Count("plaintext", 1000), Count("worker", 1)));
        Assert.False(verdict);
        Assert.Contains("worker has no budget", output[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(989, true)]
    [InlineData(991, false)]
    public void A_budget_that_could_be_lower_is_told(double now, bool isTold)
    {
        var (verdict, output) = Judge(Run(Count("plaintext", 1000)), Run(Count("plaintext", now)));
        Assert.True(verdict);
        Assert.Equal(isTold, output.Any(static line => line.StartsWith("Could be lower: plaintext.", StringComparison.Ordinal)));
    }

    [Fact]
    public void Lowering_raises_nothing()
    {
        var lowered = Budgets.Replaced(
            Run(Count("plaintext", 1000), Count("worker", 2000), Count("json", 3000)), Run(Count("plaintext", 900), Count("worker", 2100)), mayRaise: false);
        Assert.Equal([("plaintext", 900), ("worker", 2000), ("json", 3000)], lowered.Workloads.Select(static count => (count.Name, count.Instructions)));
    }

    [Fact]
    public void Saving_replaces_what_was_counted_and_forgets_other_servers()
    {
        var saved = Budgets.Replaced(
            Run(Count("plaintext", 1000), Count("json", 3000)), Run(Count("plaintext", 1100) with { Nginx = 1, Kestrel = 2 }), mayRaise: true);
        Assert.Equal([("plaintext", 1100), ("json", 3000)], saved.Workloads.Select(static count => (count.Name, count.Instructions)));
        Assert.Null(saved.Workloads[0].Nginx);
        Assert.Null(saved.Workloads[0].Kestrel);
    }

    [Fact]
    public void Budgets_of_other_tools_are_replaced_as_a_whole_or_not_at_all()
    {
        var budgets = Run(Count("plaintext", 1000), Count("json", 3000));
        var now = new CountResult("now", Tools with { Libc = "glibc 2.41" }, [Count("plaintext", 1000)]);
        Assert.Contains("glibc 2.41", Assert.Throws<InvalidOperationException>(() => Budgets.Replaced(budgets, now, mayRaise: true)).Message, StringComparison.Ordinal);
        var whole = now with { Workloads = [Count("plaintext", 1000), Count("json", 3000)] };
        Assert.Equal("glibc 2.41", Budgets.Replaced(budgets, whole, mayRaise: true).Tools.Libc);
    }

    [Fact]
    public void The_files_budgets_are_those_of_the_workloads()
    {
        var budgets = CountJson.Read(Path.Combine(Repository.Root, "perf/instructions/budgets.json"));
        Assert.Equal(Workload.All.Select(static workload => workload.Name), budgets.Workloads.Select(static budget => budget.Name));
        Assert.All(budgets.Workloads, static budget =>
        {
            var listed = budget.Functions.Values.Sum();
            Assert.InRange(listed, budget.Instructions * 0.9, budget.Instructions * 1.001);
        });
    }

    private static (bool Verdict, string[] Output) Judge(CountResult budgets, CountResult now)
    {
        using var output = new StringWriter();
        var verdict = Budgets.Judge(budgets, now, output);
        return (verdict, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static CountResult Run(params WorkloadCount[] counts) => new("commit", Tools, counts);

    private static WorkloadCount Count(string name, double instructions, params (string Name, double Instructions)[] functions) =>
        new(name, instructions, Nginx: null, Kestrel: null, functions.ToDictionary(static function => function.Name, static function => function.Instructions));
}
