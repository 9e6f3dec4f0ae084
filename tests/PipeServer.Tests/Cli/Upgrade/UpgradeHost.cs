using System.Globalization;
using System.Net;

namespace PipeServer.Tests.Cli.Upgrade;

/// <summary>
/// A program that is upgraded: the first process is started here by a link in a folder, each further one by the one before. What they write goes into one
/// file. All are gone when it is disposed of.
/// </summary>
internal sealed class UpgradeHost : IAsyncDisposable
{
    public const int SigUsr2 = 12;

    private readonly List<int> _generations = [];
    private readonly List<CliProcess> _started = [];

    public UpgradeHost() => SwitchTo(ProgramUnderTest.PipeServer.StartablePath);

    public string Folder { get; } = Directory.CreateTempSubdirectory("ps-up-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>What all processes have written so far.</summary>
    public string Log => File.Exists(this["log"]) ? File.ReadAllText(this["log"]) : "";

    /// <summary>Who serves, as the PID file says; 0 for nobody.</summary>
    public int Serving
    {
        get
        {
            try
            {
                return int.TryParse(File.ReadAllText(this["pid"]), CultureInfo.InvariantCulture, out var process) ? process : 0;
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts it, and waits until it serves.</summary>
    /// <param name="arguments">Behind serve and the folder.</param>
    /// <param name="before">What the shell does before.</param>
    public async Task StartAsync(string arguments, string before = "")
    {
        _started.Add(CliProcess.StartShell(
            $"{before} exec >>'{this["log"]}' 2>&1; exec '{this["pipeserver"]}' serve '{Repository.Path("wwwroot")}' --demo --pid-file '{this["pid"]}' "
            + $"--report '{this["report.json"]}' --drain-idle 0.1 {arguments}"));
        await Eventually.TrueAsync(() => Serving > 0, $"it starts: {Log}");
        await Eventually.TrueAsync(() => Log.Split("Listening on ") is [_, .., var last] && last.Contains('\n'), "it says where"); // nobody waits for a console
        _generations.Add(Serving);
    }

    /// <summary>Upgrades it by the signal, and waits until another process serves.</summary>
    public async Task UpgradeAsync()
    {
        var before = Serving;
        Signal(SigUsr2);
        await ServesAfterAsync(before);
    }

    /// <summary>Waits until another process serves.</summary>
    public async Task ServesAfterAsync(int before)
    {
        await Eventually.TrueAsync(() => Serving is > 0 and var now && now != before, "another process serves");
        _generations.Add(Serving);
    }

    /// <summary>Sends a signal to the process that serves.</summary>
    public void Signal(int signal) => CliProcess.Signal(Serving, signal);

    /// <summary>Waits until the log has something.</summary>
    public Task SaysAsync(string text, int times = 1) => Eventually.TrueAsync(() => Log.Split(text).Length > times, $"it says '{text}'");

    /// <summary>Waits for the end of a process.</summary>
    public static Task EndsAsync(int process) => Eventually.TrueAsync(() => !IsAlive(process), $"process {process} ends");

    /// <summary>Where the first process listens first, by http or https.</summary>
    public IPEndPoint Place(string scheme = "http") =>
        IPEndPoint.Parse(Log.Split('\n').First(line => line.StartsWith($"Listening on {scheme}://"))[$"Listening on {scheme}://".Length..]);

    /// <summary>Has the link that the program was started by lead elsewhere.</summary>
    public void SwitchTo(string target)
    {
        File.CreateSymbolicLink(this["pipeserver.next"], target);
        File.Move(this["pipeserver.next"], this["pipeserver"], overwrite: true);
    }

    /// <summary>Puts a script in the program's place.</summary>
    public void SwitchToScript(string script)
    {
        File.WriteAllText(this["script"], $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(this["script"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        SwitchTo(this["script"]);
    }

    /// <summary>Runs <c>pipeserver upgrade</c>.</summary>
    public static async Task<(int Code, string Output)> CommandAsync(params string[] arguments)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, ["upgrade", .. arguments]);
        var code = await cli.EndAsync();
        return (code, string.Join('\n', [.. cli.Output, .. cli.Errors]));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _generations.Append(Serving).Where(static process => process > 0 && IsAlive(process)))
        {
            CliProcess.Signal(process, 9);
        }

        foreach (var cli in _started)
        {
            await cli.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    // Nobody may be there to take note of the end of one whose parent has ended before it.
    public static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ");
        }
        catch (IOException)
        {
            return false;
        }
    }
}
