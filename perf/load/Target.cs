namespace PipeServer.Load;

/// <summary>What the project has set itself for a figure.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Server">Our server.</param>
/// <param name="Metric">Which figure.</param>
/// <param name="Limits">How many times a peer's figure it may be; a limit without a peer is in the figure's own unit.</param>
internal sealed record Target(string Workload, string Server, Metric Metric, (string? Peer, double Limit)[] Limits)
{
    /// <summary>In one run of the native file on a quiet machine of two cores that the load generator shares, medians of ten paired rounds.</summary>
    public static readonly IReadOnlyList<Target> All =
    [
        .. new[] { "plaintext-64", "plaintext-256" }.SelectMany(static name => new Target[]
        {
            new(name, "epoll-inline", Metric.Cpu, [("floor", 1.05), ("nginx", 0.78), ("kestrel", 0.42)]),
            new(name, "epoll-workers", Metric.Cpu, [("floor", 1.25), ("nginx", 0.95), ("kestrel", 0.5)]),
        }),
        new("pipelined-16", "epoll-inline", Metric.Cpu, [("floor", 1.3), ("nginx", 0.11), ("kestrel", 0.2)]),
        new("one-per-connection", "epoll-inline", Metric.Cpu, [("nginx", 0.95), ("kestrel", 0.4)]),
        new("one-per-connection", "epoll-inline", Metric.Rate, [("nginx", 1)]),
        new("file-1k", "epoll-inline", Metric.Cpu, [("nginx", 0.6), ("kestrel", 0.18)]),
        new("file-64k", "epoll-inline", Metric.Cpu, [("nginx", 0.7), ("kestrel", 0.18)]),
        new("files-64k-2048", "epoll-inline", Metric.Cpu, [("nginx", 1), ("kestrel", 0.18)]),
        new("file-1k-one-per-connection", "epoll-inline", Metric.Cpu, [("nginx", 0.85), ("kestrel", 0.27)]),
        new(PipeServer.Load.Workload.Start, "epoll-inline", Metric.Start, [(null, 10), ("nginx", 0.6)]),
        new(PipeServer.Load.Workload.Start, "jit-inline", Metric.Start, [(null, 150)]),
        new(PipeServer.Load.Workload.Start, "epoll-inline", Metric.Resident, [(null, 9.5)]),
        new(PipeServer.Load.Workload.Idle, "epoll-inline", Metric.Idle, [(null, 2.5)]),
        new("tls-plaintext-64", "epoll-inline", Metric.Cpu, [("nginx", 1), ("kestrel", 0.35)]),
        new("tls-file-64k", "epoll-inline", Metric.Cpu, [("nginx", 1), ("kestrel", 0.4)]),
        new("tls-file-10m", "epoll-inline", Metric.Cpu, [("nginx", 1), ("kestrel", 0.4)]),
        new("tls-handshake", "epoll-inline", Metric.Cpu, [("nginx", 1.15), ("kestrel", 0.65)]),
        new("tls-resumed", "epoll-inline", Metric.Cpu, [("nginx", 1.15), ("kestrel", 0.65)]),
        new(PipeServer.Load.Workload.TlsIdle, "epoll-inline", Metric.Idle, [("nginx", 1.5), ("kestrel", 0.65)]),
        new("http2-plaintext-32", "epoll-inline", Metric.Cpu, [("nginx", 0.15), ("h2o", 0.75), ("kestrel", 0.15)]),
        new("http2-file-1k-32", "epoll-inline", Metric.Cpu, [("nginx", 0.2), ("h2o", 0.85), ("kestrel", 0.06)]),
        new("http2-plaintext-1", "epoll-inline", Metric.Cpu, [("nginx", 0.65), ("h2o", 1), ("kestrel", 0.4)]),
        new("http2-file-1k-1", "epoll-inline", Metric.Cpu, [("nginx", 0.7), ("h2o", 0.9), ("kestrel", 0.25)]),
        new("http2-plaintext-32", "epoll-workers", Metric.Cpu, [("nginx", 0.7), ("kestrel", 0.7)]),
        new("http2-tls-plaintext-32", "epoll-inline", Metric.Cpu, [("nginx", 0.3), ("h2o", 1), ("kestrel", 0.25)]),
        new("http2-tls-file-1k-32", "epoll-inline", Metric.Cpu, [("nginx", 0.3), ("h2o", 1), ("kestrel", 0.25)]),
        new("http2-tls-file-64k", "epoll-inline", Metric.Cpu, [("nginx", 0.9), ("h2o", 1.2), ("kestrel", 0.4)]),
        new(PipeServer.Load.Workload.Http2Idle, "epoll-inline", Metric.Idle, [(null, 4)]),
        .. new (string Workload, double Workers, double Inline)[] { ("plaintext-64", 0.95, 0.6), ("json-64", 0.95, 0.65), ("file-1k", 0.6, 0.5), ("echo-1k", 0.9, 0.6) }
            .SelectMany(static aim => new Target[]
            {
                new("aspnet-" + aim.Workload, "aspnet-workers", Metric.Cpu, [("kestrel", aim.Workers)]),
                new("aspnet-" + aim.Workload, "aspnet-pool", Metric.Cpu, [("kestrel", 1.1)]),
                new("aspnet-" + aim.Workload, "aspnet-inline", Metric.Cpu, [("kestrel", aim.Inline)]),
            }),
        new("websocket-echo", "epoll-inline", Metric.Cpu, [("kestrel", 0.7)]),
        new(PipeServer.Load.Workload.WebSocketIdle, "epoll-inline", Metric.Idle, [(null, 6)]),
        new(PipeServer.Load.Workload.WebSocketIdle, "epoll-inline", Metric.IdleCpu, [(null, 2)]),
    ];

    /// <summary>The figure for the table, with its unit.</summary>
    public string Figure => Metric switch
    {
        Metric.Cpu => "CPU per request",
        Metric.Rate => "requests/s",
        Metric.Start => "ms to the first answer",
        Metric.Resident => "resident MB after it",
        Metric.IdleCpu => "% of a core, pinged",
        _ => "KB an idle connection",
    };

    /// <summary>True where more is better.</summary>
    public bool WantsMore => Metric == Metric.Rate;

    /// <summary>What the run has reached, to the peer or in the figure's own unit; null where it has not measured it.</summary>
    public double? Reached(RunResult run, string? peer)
    {
        if (peer is null)
        {
            return Own(run.Find(Workload, Server));
        }

        return Metric switch
        {
            Metric.Cpu => run.CpuRatio(Workload, Server, peer),
            Metric.Rate => run.RateRatio(Workload, Server, peer),
            _ => Own(run.Find(Workload, Server)) / Own(run.Find(Workload, peer)),
        };
    }

    private double? Own(Measurement? measurement) => Metric switch
    {
        Metric.Cpu => measurement?.CpuMicrosecondsPerRequest,
        Metric.Rate => measurement?.RequestsPerSecond,
        Metric.Start => measurement?.StartMilliseconds,
        Metric.Resident => measurement?.ResidentSetKilobytes / 1024.0,
        Metric.IdleCpu => measurement?.CpuPercent,
        _ => measurement?.ResidentKilobytesPerConnection,
    };
}
