using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>Which cores the server and the load generator run on.</summary>
/// <param name="Server">What stands before a server's command.</param>
/// <param name="Client">What stands before the load generator's.</param>
/// <param name="ServerCores">How many cores the server has.</param>
/// <param name="ClientCores">How many the load generator has.</param>
internal sealed record Placement(IReadOnlyList<string> Server, IReadOnlyList<string> Client, int ServerCores, int ClientCores)
{
    /// <summary>Both use all cores, as far as the scheduler gives them.</summary>
    public static readonly Placement Shared = new([], [], Environment.ProcessorCount, Environment.ProcessorCount);

    /// <summary>One core each: the first two of those that this process may use.</summary>
    /// <exception cref="MeasurementException">There is one core only.</exception>
    public static Placement Split()
    {
        var line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return Cores(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()).Take(2).ToList() is [var first, var second]
            ? new Placement(Only(first), Only(second), 1, 1)
            : throw new MeasurementException("--split needs two cores.");
    }

    /// <summary>The numbers in a list of the kernel's, like <c>0-3,8</c>.</summary>
    public static IEnumerable<int> Cores(string list) => list.Split(',').SelectMany(static part =>
    {
        var bounds = part.Split('-').Select(static number => int.Parse(number, CultureInfo.InvariantCulture)).ToList();
        return Enumerable.Range(bounds[0], bounds[^1] - bounds[0] + 1);
    });

    private static string[] Only(int core) => ["taskset", "--cpu-list", core.ToString(CultureInfo.InvariantCulture)];
}
