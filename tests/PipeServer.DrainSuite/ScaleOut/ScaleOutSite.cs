namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>A lab with a front end and three servers behind it that answer.</summary>
internal sealed class ScaleOutSite : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-scale-out-").FullName;
    private WatchedProcess? _frontEnd;

    private ScaleOutSite(Lab lab, ScaleOutOptions options, ReplicaOptions replicas)
    {
        Lab = lab;
        Replicas = [.. LabHost.Servers.Select(host => new Replica(lab, host, _folder, replicas))];
        Options = options;
    }

    /// <summary>Where it stands.</summary>
    public Lab Lab { get; }

    /// <summary>What it was made of.</summary>
    public ScaleOutOptions Options { get; }

    /// <summary>The servers.</summary>
    public IReadOnlyList<Replica> Replicas { get; }

    /// <summary>Builds it and starts everything.</summary>
    /// <param name="options">Of what.</param>
    /// <param name="adjust">Changes the options of the servers.</param>
    public static async Task<ScaleOutSite> OpenAsync(ScaleOutOptions options, Func<ReplicaOptions, ReplicaOptions>? adjust = null)
    {
        var replicas = new ReplicaOptions(options.Program, HasProxyProtocol: options.FrontEnd is FrontEnd.HAProxy or FrontEnd.HAProxyHttp2);
        var site = new ScaleOutSite(await Lab.BuildAsync(), options, adjust?.Invoke(replicas) ?? replicas);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(site._folder, Replica.Root)).FullName, "index.html"), "<!doctype html><title>a page</title>");
            await Task.WhenAll(site.Replicas.Select(static replica => replica.StartAsync()));
            site._frontEnd = await FrontEnds.StartAsync(site.Lab, options.FrontEnd, options.Deploy, site._folder);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts clients, and waits until each server has answered one; what they counted by then is not theirs.</summary>
    public async Task<FleetProcess> StartFleetAsync(FleetOptions options)
    {
        var fleet = FleetProcess.Start(Lab, options);
        foreach (var replica in Replicas)
        {
            var served = fleet.ServedByAsync(replica.Host.Name);
            if (await Task.WhenAny(served, _frontEnd!.EndAsync()) != served)
            {
                throw new InvalidOperationException($"The front end has ended: {string.Join('\n', _frontEnd.Lines)}");
            }

            await served;
        }

        return fleet;
    }

    /// <summary>The same with the clients of the options.</summary>
    public Task<FleetProcess> StartFleetAsync() => StartFleetAsync(new FleetOptions(Options.Clients, Options.PauseMilliseconds));

    /// <summary>Adds up the servers' access logs.</summary>
    public async Task<(int Answered, int OfOthers)> ReadAccessLogsAsync(string path)
    {
        var all = await Task.WhenAll(Replicas.Select(replica => replica.ReadAccessLogAsync(path)));
        return (all.Sum(static log => log.Answered), all.Sum(static log => log.OfOthers));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
