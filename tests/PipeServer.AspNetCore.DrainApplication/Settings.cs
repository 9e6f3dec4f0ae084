using PipeServer;

namespace DrainApplication;

/// <summary>What the command line says; see <see cref="Usage"/>.</summary>
/// <param name="IsKestrel">Kestrel serves; otherwise PipeServer.</param>
/// <param name="Port">On 127.0.0.1; 0 for a free one, which is printed.</param>
/// <param name="IsTls">TLS, by a certificate that is made at the start.</param>
/// <param name="IsHttp2">In clear text HTTP/2 by prior knowledge; over TLS both versions are spoken anyhow.</param>
/// <param name="Dispatch">Where PipeServer runs the application.</param>
/// <param name="Grace">The host's time for a stop.</param>
/// <param name="Delay">How long a stop goes on accepting: PipeServer's option; with Kestrel the application holds the stop up for as long.</param>
/// <param name="RefusesLateHubs">A stop that has begun refuses requests to the hub: SignalR has closed its connections then, and closes no others.</param>
/// <param name="ReportPath">Where the report of PipeServer goes at the end, in the form of the command line's; or null.</param>
/// <param name="LedgerPath">Where the numbers of the pieces of work go that were begun and ended; or null.</param>
internal sealed record Settings(
    bool IsKestrel,
    int Port,
    bool IsTls,
    bool IsHttp2,
    Dispatch Dispatch,
    TimeSpan Grace,
    TimeSpan Delay,
    bool RefusesLateHubs,
    string? ReportPath,
    string? LedgerPath)
{
    public const string Usage =
        "--server pipeserver|kestrel --port 0 --tls false --http2 false --dispatch Worker|Inline|ThreadPool --grace 5 --delay 0 --refuse-late-hubs false "
        + "--report PATH --ledger PATH";

    private static readonly string[] Names = ["server", "port", "tls", "http2", "dispatch", "grace", "delay", "refuse-late-hubs", "report", "ledger"];

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">They are not as <see cref="Usage"/> says.</exception>
    public static Settings Read(string[] arguments)
    {
        var known = arguments.Where(static (_, index) => index % 2 == 0).All(static name => Names.Contains(name.TrimStart('-'), StringComparer.Ordinal));
        if (!known || arguments.Length % 2 != 0)
        {
            throw new FormatException($"The arguments are {Usage}.");
        }

        var values = new ConfigurationBuilder().AddCommandLine(arguments).Build();
        return new Settings(
            values["server"] is "kestrel",
            values.GetValue("port", 0),
            values.GetValue("tls", false),
            values.GetValue("http2", false),
            values.GetValue("dispatch", Dispatch.Worker),
            TimeSpan.FromSeconds(values.GetValue("grace", 5.0)),
            TimeSpan.FromSeconds(values.GetValue("delay", 0.0)),
            values.GetValue("refuse-late-hubs", false),
            values["report"],
            values["ledger"]);
    }
}
