using System.Diagnostics;
using System.Globalization;
using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>A server that this program has started, and stops: what it costs, and what it says.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private const int MostLines = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MeasuredServer(Process process, int port)
    {
        _process = process;
        Port = port;
        process.OutputDataReceived += OnLine;
        process.ErrorDataReceived += OnLine;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>What it has written so far, at most the first thousand lines.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Processor time of all its threads since its start, in microseconds.</summary>
    public long CpuMicroseconds => ProcessClock.Microseconds(ProcessId);

    /// <summary>Its proportional set, in KiB: what it shares with others is divided among them.</summary>
    public long MemoryKilobytes => Number(File.ReadLines($"/proc/{ProcessId}/smaps_rollup").First(static line => line.StartsWith("Pss:", StringComparison.Ordinal)));

    /// <summary>Its mapped areas of memory, of which vm.max_map_count allows so many.</summary>
    public int Maps => File.ReadLines($"/proc/{ProcessId}/maps").Count();

    /// <summary>Its threads.</summary>
    public int Threads => Directory.EnumerateDirectories($"/proc/{ProcessId}/task").Count();

    /// <summary>Starts it, and waits until it says that it listens.</summary>
    /// <param name="command">The program with what stands before it (taskset, ip netns exec): each must become the program, not start it.</param>
    /// <param name="port">It listens on.</param>
    /// <param name="cancellation">Ends the waiting, and the server.</param>
    /// <exception cref="MeasurementException">It ends, or does not listen in time.</exception>
    public static async Task<MeasuredServer> StartAsync(IReadOnlyList<string> command, int port, CancellationToken cancellation)
    {
        var server = new MeasuredServer(ExternalProgram.Start(command), port);
        try
        {
            await Task.WhenAny(server._listens.Task, server._process.WaitForExitAsync(cancellation), Task.Delay(Patience, cancellation));
            cancellation.ThrowIfCancellationRequested();
            return server._listens.Task.IsCompleted ? server : throw new MeasurementException($"the server does not listen: {string.Join(' ', server.Lines)}");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Nanoseconds that each of its threads has run, with the thread's name.</summary>
    public Dictionary<int, (string Name, long Nanoseconds)> ThreadTimes()
    {
        var times = new Dictionary<int, (string, long)>();
        foreach (var task in Directory.EnumerateDirectories($"/proc/{ProcessId}/task"))
        {
            try
            {
                var ran = File.ReadAllText($"{task}/schedstat").Split(' ')[0];
                var thread = int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
                times[thread] = (File.ReadAllText($"{task}/comm").Trim(), long.Parse(ran, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It has ended in between.
            }
        }

        return times;
    }

    /// <summary>Sends it a signal, like <c>STOP</c>.</summary>
    public Task SignalAsync(string signal, CancellationToken cancellation) =>
        ExternalProgram.CaptureAsync(cancellation, "kill", $"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            try
            {
                await SignalAsync("TERM", CancellationToken.None);
                await SignalAsync("CONT", CancellationToken.None); // a run may have been stopped while the server was held
                using var patience = new CancellationTokenSource(Patience);
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or MeasurementException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static long Number(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private void OnLine(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not { } text)
        {
            return;
        }

        lock (_lines)
        {
            if (_lines.Count < MostLines)
            {
                _lines.Add(text);
            }
        }

        if (text.StartsWith("Listening on ", StringComparison.Ordinal))
        {
            _listens.TrySetResult();
        }
    }
}
