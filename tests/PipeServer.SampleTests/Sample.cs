namespace PipeServer.SampleTests;

/// <summary>A sample as a process: what the build has made of its folder.</summary>
internal static class Sample
{
    private const string Loopback = "http://127.0.0.1:0";

    /// <summary>The samples that serve HTTP and take a port as their first argument.</summary>
    public static TheoryData<string> WithPort => ["Hello", "JsonCrud", "ServerSentEvents", "Chat", "Upload", "BookServer"];

    /// <summary>Those on ASP.NET Core, which take addresses as every such application does.</summary>
    public static TheoryData<string> WithUrls => ["AspNetApp", "YarpGateway"];

    /// <summary>The names of all folders of samples, but for the tests that one of them has.</summary>
    public static IEnumerable<string> Folders => Directory.EnumerateDirectories(Repository.Path("samples")).Select(static path => Path.GetFileName(path));

    /// <summary>What <c>dotnet exec</c> takes.</summary>
    public static string Assembly(string name) => Repository.Assembly($"samples/{name}", name);

    /// <summary>Starts a server on a free port, and waits until it listens.</summary>
    public static async Task<CliProcess> ServeAsync(string name, params string[] arguments)
    {
        string[] port = WithUrls.Any(row => row.Data == name) ? ["--urls", Loopback] : ["0"];
        var process = CliProcess.Start(Assembly(name), [.. port, .. arguments]);
        try
        {
            await process.ListeningAsync();
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of it.</summary>
    public static HttpClient ClientOf(CliProcess process) => new() { BaseAddress = new Uri($"http://{process.EndPoint}"), Timeout = Waiting.Patience };

    /// <summary>SIGTERM; it must end with 0.</summary>
    public static async Task StopAsync(CliProcess process)
    {
        process.Signal(CliProcess.SigTerm);
        await EndAsync(process);
    }

    /// <summary>It must end by itself with 0.</summary>
    public static async Task EndAsync(CliProcess process)
    {
        var exitCode = await process.EndAsync();
        Assert.True(exitCode == 0, $"Exit code {exitCode}: {string.Join('\n', [.. process.Output, .. process.Errors])}");
    }
}
