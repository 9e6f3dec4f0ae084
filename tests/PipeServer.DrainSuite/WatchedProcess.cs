using System.Collections.Concurrent;
using System.Diagnostics;

namespace PipeServer.DrainSuite;

/// <summary>A process that we have started, with what it writes; those that it leaves behind write there too.</summary>
internal sealed class WatchedProcess : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly TimeSpan _patience;
    private readonly ConcurrentQueue<string> _lines = [];

    private WatchedProcess(Process process, TimeSpan patience) => (_process, _patience) = (process, patience);

    /// <summary>What it has written, line by line.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>True when it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts it; a line in its input can be written by <see cref="TellAsync"/>.</summary>
    /// <param name="program">What to start.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="patience">How long to wait for anything that it is to do.</param>
    public static WatchedProcess Start(string program, IEnumerable<string> arguments, TimeSpan patience)
    {
        // Of what started us the signals may be ignored (nohup), and would be here.
        var start = new ProcessStartInfo("env", ["--default-signal", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = new WatchedProcess(new Process { StartInfo = start }, patience);
        started._process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        started._process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        started._process.Start();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Waits until something is true.</summary>
    /// <exception cref="InvalidOperationException">It does not become true in time; the message has what the process wrote last.</exception>
    public async Task WaitAsync(Func<bool> isTrue, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!isTrue())
        {
            if (waited.Elapsed > _patience)
            {
                throw new InvalidOperationException($"After {_patience.TotalSeconds} s {otherwise}: {string.Join('\n', _lines.TakeLast(20))}");
            }

            await Task.Delay(Glance);
        }
    }

    /// <summary>Writes a line to its input; null ends that.</summary>
    public async Task TellAsync(string? line)
    {
        if (line is null)
        {
            _process.StandardInput.Close();
            return;
        }

        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>When it has ended, and all that it wrote is read.</summary>
    public Task EndAsync() => _process.WaitForExitAsync();

    /// <summary>The same, and not longer than its patience.</summary>
    /// <exception cref="TimeoutException">It takes longer.</exception>
    public Task ExitAsync() => EndAsync().WaitAsync(_patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
        }
    }
}
