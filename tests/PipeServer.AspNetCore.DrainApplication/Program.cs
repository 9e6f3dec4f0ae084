using System.Runtime.InteropServices;
using DrainApplication;
using PipeServer;
using PipeServer.AspNetCore;

// An application that the drain suite and the tests of stops run on PipeServer or on Kestrel. Its exit code is that of `pipeserver`, where the server says
// how the stop went: 0 drained, 2 forced, 3 at the deadline. Kestrel says nothing.
var settings = Settings.Read(args);
var builder = WebApplication.CreateBuilder();
builder.Logging.ClearProviders().AddConsole(static options => options.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.Grace + settings.Delay);
builder.Services.AddSingleton<WorkLedger>();
builder.Services.AddSignalR();
builder.Services.AddGrpc();
Servers.Use(builder.WebHost, settings);
var application = builder.Build();
application.UseWebSockets();
if (settings.RefusesLateHubs)
{
    Routes.RefuseLateHubs(application);
}

Routes.Map(application);

// SIGUSR1: StopApplication as code of the application calls it. SIGTERM is the host's own.
const int LinuxUserSignal = 10;
using var userSignal = PosixSignalRegistration.Create((PosixSignal)LinuxUserSignal, context =>
{
    context.Cancel = true;
    application.Lifetime.StopApplication();
});
if (settings is { IsKestrel: true, Delay.Ticks: > 0 })
{
    // Kestrel stops to accept as soon as the host stops: what holds that up is the application's.
    application.Lifetime.ApplicationStopping.Register(() => Task.Delay(settings.Delay).Wait());
}

await application.StartAsync();
Console.WriteLine($"listening on {string.Join(", ", application.Urls)}");
await application.WaitForShutdownAsync();
if (settings.LedgerPath is not null)
{
    application.Services.GetRequiredService<WorkLedger>().Write(settings.LedgerPath);
}

var report = settings.IsKestrel ? null : application.Services.GetRequiredService<PipeServerInstance>().ShutdownReport;
if (report is not null && settings.ReportPath is not null)
{
    Report.Write(settings.ReportPath, report);
}

return report?.Outcome switch
{
    ShutdownOutcome.Forced => 2,
    ShutdownOutcome.TimedOut => 3,
    _ => 0,
};
