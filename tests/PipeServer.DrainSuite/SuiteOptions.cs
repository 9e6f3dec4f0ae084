namespace PipeServer.DrainSuite;

/// <summary>What is run, and what it promises.</summary>
/// <param name="Command">The shell command that starts the server in the foreground.</param>
/// <param name="Port">Where it listens, on 127.0.0.1; 0: the first address that it prints tells.</param>
/// <param name="SlowRoute">GET: answers after a second or so.</param>
/// <param name="EndlessRoute">GET: answers after longer than the grace period.</param>
/// <param name="EchoRoute">POST: answers with the body.</param>
/// <param name="StreamRoute">GET: sends on and on until the server drains; null where there is none.</param>
/// <param name="Signal">The signal that asks for a graceful stop, without its SIG.</param>
/// <param name="Grace">The grace period that the command sets.</param>
/// <param name="ReportPath">Where the command writes PipeServer's report, to compare the ledger; or null.</param>
/// <param name="Clients">How many clients the keep-alive scenario has.</param>
/// <param name="IsTls">The server speaks TLS there; its certificate is not looked at.</param>
/// <param name="WebSocketRoute">A WebSocket that echoes; null where there is none.</param>
/// <param name="Seed">Where the random numbers start.</param>
/// <param name="IsHttp2">The scenarios are those of HTTP/2: by prior knowledge, or over TLS by ALPN.</param>
/// <param name="StopPath">POST: asks for the graceful stop in the signal's place; null where the signal does.</param>
/// <param name="IgnoresSecondSignal">A second signal changes nothing: the stop goes on to its end, or to the deadline.</param>
internal sealed record SuiteOptions(
    string Command,
    int Port,
    string SlowRoute,
    string EndlessRoute,
    string EchoRoute,
    string? StreamRoute,
    string Signal,
    TimeSpan Grace,
    string? ReportPath,
    int Clients,
    bool IsTls,
    string? WebSocketRoute,
    int Seed,
    bool IsHttp2 = false,
    string? StopPath = null,
    bool IgnoresSecondSignal = false);
