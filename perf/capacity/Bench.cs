using System.Globalization;
using System.Net;
using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>What all parts measure with: the settings of the run, the server's native file, the clients, the cores.</summary>
internal sealed class Bench : IDisposable
{
    private static readonly RunKind[] Kinds = [RunKind.Tls, RunKind.Http2, RunKind.WebSocket];

    /// <param name="settings">Of the run.</param>
    public Bench(CapacitySettings settings) => Settings = settings;

    public CapacitySettings Settings { get; }

    public Workshop Workshop { get; } = new();

    /// <summary>The client of bursts (clients/bursts.c).</summary>
    public string Bursts => Path.Combine(Path.GetDirectoryName(Workshop.Files)!, "bursts");

    /// <summary>Builds everything.</summary>
    /// <exception cref="MeasurementException">A tool is missing, or what is measured is slowed down on purpose.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await RefuseShapedLoopbackAsync(cancellation);
        var peers = Peer.All(Workshop).Where(static peer => peer.Name == "epoll-inline").ToList();
        await Workshop.CheckToolsAsync(peers, splits: true, Kinds, cancellation);
        await Workshop.BuildAsync(peers, Kinds, cancellation);
        var clients = Path.Combine(Checkout.Find(), "perf");
        await ExternalProgram.CaptureAsync(
            cancellation, "cc", "-O2", "-I", Path.Combine(clients, "load/clients"), "-o", Bursts, Path.Combine(clients, "capacity/clients/bursts.c"));

        // What /sleep sends when it has slept.
        await File.WriteAllTextAsync(Path.Combine(Workshop.Files, "index.html"), "<!DOCTYPE html><title>Awake</title>", cancellation);
    }

    /// <summary>Starts the server with its demo routes.</summary>
    /// <param name="before">What stands before its command.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <param name="options">Of <c>serve</c>. <c>tls</c> and <c>h2c</c>, without dashes, are words of its place.</param>
    public Task<MeasuredServer> StartAsync(IReadOnlyList<string> before, CancellationToken cancellation, params string[] options) =>
        StartAsync(before, IPAddress.Loopback, LoopbackPort.Free(), cancellation, options);

    /// <summary>The same at an address that is not this machine's loopback as a rule.</summary>
    public Task<MeasuredServer> StartAsync(
        IReadOnlyList<string> before, IPAddress address, int port, CancellationToken cancellation, params string[] options)
    {
        var words = options.Where(static option => option is "tls" or "h2c").ToList();
        var place = string.Join(',', words.Prepend(string.Create(CultureInfo.InvariantCulture, $"{address}:{port}")));
        List<string> command =
        [
            .. before, Workshop.Native[NativeProgram.CommandLine], "serve", Workshop.Files, "--demo", "--listen", place,
            .. words.Contains("tls") ? new[] { "--tls-cert", Workshop.CertificateBeside(Workshop.Files), "--tls-key", Workshop.KeyBeside(Workshop.Files) } : [],
            .. options.Where(option => !words.Contains(option)),
        ];
        return MeasuredServer.StartAsync(command, port, cancellation);
    }

    /// <summary>Runs something as often as there are rounds; of each figure the median.</summary>
    /// <param name="measure">The same number of figures each time; not a number where there is none.</param>
    public async Task<IReadOnlyList<double>> MedianAsync(Func<Task<double[]>> measure)
    {
        var rounds = new List<double[]>();
        for (var round = 0; round < Settings.Rounds; round++)
        {
            rounds.Add(await measure());
        }

        return [.. Enumerable.Range(0, rounds[0].Length).Select(at => Medians.Of(rounds.Select(figures => figures[at])))];
    }

    /// <summary>Runs a client that prints a line of numbers.</summary>
    /// <exception cref="MeasurementException">It fails, or prints something else.</exception>
    public static async Task<double[]> NumbersAsync(CancellationToken cancellation, params string[] command)
    {
        var output = await ExternalProgram.CaptureAsync(cancellation, command);
        var fields = output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 0 && fields.All(static field => double.TryParse(field, CultureInfo.InvariantCulture, out _))
            ? [.. fields.Select(static field => double.Parse(field, CultureInfo.InvariantCulture))]
            : throw new MeasurementException($"{string.Join(' ', command)} said something unexpected: {output}");
    }

    /// <summary>A load of perf/load by its name.</summary>
    public static Workload Load(string name) => Workload.All.First(workload => workload.Name == name);

    public void Dispose() => Workshop.Dispose();

    // A queueing discipline that somebody has left on the loopback interface makes each figure wrong, by a factor of a hundred as a rule.
    private static async Task RefuseShapedLoopbackAsync(CancellationToken cancellation)
    {
        if (ExternalProgram.IsInstalled("tc"))
        {
            var shape = (await ExternalProgram.CaptureAsync(cancellation, "tc", "qdisc", "show", "dev", "lo")).Trim();
            if (shape.Length > 0 && !shape.StartsWith("qdisc noqueue", StringComparison.Ordinal))
            {
                throw new MeasurementException($"the loopback interface is slowed down: {shape}. 'tc qdisc del dev lo root' ends that.");
            }
        }
    }
}
