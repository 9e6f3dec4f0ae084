using System.Globalization;
using System.Text.Json;

namespace PipeServer.DrainSuite;

/// <summary>Upgrades a server again and again under its clients, and holds what the clients count against the ledgers of all generations.</summary>
internal static class UpgradeRun
{
    /// <summary>Runs it.</summary>
    /// <returns>A line of figures, and what did not hold; empty when all did.</returns>
    public static async Task<(string Figures, IReadOnlyList<string> Faults)> RunAsync(UpgradeOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("ps-upgrade-").FullName;
        var faults = new List<string>();
        try
        {
            await using var server = await UpgradedServer.StartAsync(folder, options);
            var random = new Random(options.Seed);
            var load = new UpgradeLoad(server.Port, server.TlsPort);
            load.Start(options);
            for (var number = 0; number < options.Upgrades; number++)
            {
                await Task.Delay(random.Next(100, 600));
                if (options.WithFaults && number == options.Upgrades / 2)
                {
                    await FailAsync(server, faults);
                }

                await server.UpgradeAsync();
            }

            await Task.Delay(random.Next(100, 600));
            await load.StopAsync();
            await server.StopAsync();
            return (Compare(folder, server, load, options, faults), faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task FailAsync(UpgradedServer server, List<string> faults)
    {
        foreach (var (script, timeout, expected) in new[] { ("exit 3", 60, "exit code 3"), ("exec sleep 600", 2, "not ready within 2 s") })
        {
            var said = await server.FailAsync(script, timeout);
            if (!said.Contains(expected, StringComparison.Ordinal))
            {
                faults.Add($"of '{script}' it says: {said}");
            }
        }
    }

    private static string Compare(string folder, UpgradedServer server, UpgradeLoad load, UpgradeOptions options, List<string> faults)
    {
        var (http, messages) = (load.Http, load.Messages);
        Expect(0, load.NotConnected, "connects were refused or reset");
        Expect(0, http.Lost + messages.Lost, "requests or messages were lost");
        Expect(0, http.Reset + messages.Reset, "were reset");
        Expect(0, http.Retryable, "requests are to be sent again");
        Expect(0, load.NotInOrder, "WebSockets did not end in order");
        var reports = Directory.GetFiles(folder, "report.json*");
        Expect(options.Upgrades + 1, reports.Length, "generations have reported");
        Expect(options.Upgrades + 1, server.Generations.Distinct().Count(), "processes have served");
        long accepted = 0;
        long completed = 0;
        foreach (var path in reports)
        {
            using var report = JsonDocument.Parse(File.ReadAllText(path));
            long Of(string part, string name) => report.RootElement.GetProperty(part).GetProperty(name).GetInt64();
            accepted += Of("connections", "accepted");
            completed += Of("requests", "completed");
            Expect(Of("connections", "accepted"), Of("connections", "closed") + Of("connections", "refused") + Of("connections", "aborted"), "connections of one ledger are told");
            Expect(Of("requests", "received"), Of("requests", "completed"), "requests of one ledger are completed");
            Expect(0, Of("connections", "refused"), "connections were refused");
            if (report.RootElement.GetProperty("outcome").GetString() is not "drained" and var outcome)
            {
                faults.Add($"a generation has {outcome}, {report.RootElement.GetProperty("cutOff")}");
            }
        }

        Expect(http.Answered + load.WebSockets, completed, "requests are completed in all ledgers");
        Expect(load.Connections, accepted, "connections are accepted in all ledgers");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{server.Generations.Count - 1} upgrades{(options.WithFaults ? ", 2 failed ones" : "")}; {load.Connections} connections, {load.NotConnected} refused or reset; "
            + $"{http.Sent} requests sent, {http.Answered} answered, {http.Lost} lost, {http.Reset} reset, {http.Retryable} to retry; "
            + $"{load.WebSockets} WebSockets, {messages.Answered} messages, {messages.Lost + messages.Reset} lost; in the ledgers {accepted} connections, {completed} requests");

        void Expect(long expected, long found, string what)
        {
            if (expected != found)
            {
                faults.Add($"{found} {what}, expected were {expected}");
            }
        }
    }
}
