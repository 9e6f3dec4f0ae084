using AspNetApp;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using PipeServer;
using PipeServer.AspNetCore;

// Its files lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The one line that chooses the server. Its options are the section PipeServer of appsettings.json.
builder.WebHost.UsePipeServer();

builder.Services.Configure<HostOptions>(builder.Configuration.GetSection(nameof(HostOptions))); // ShutdownTimeout: how long a drain may take
builder.Services.AddSingleton<OrderBook>();
builder.Services.AddProblemDetails();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.Services.AddHealthChecks().AddCheck<DrainingCheck>("draining");

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseFileServer();
app.UseWebSockets();
OrderEndpoints.Map(app);
app.MapOpenApi();
app.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = static _ => false });
app.MapHealthChecks("/healthz/ready");

var server = app.Services.GetRequiredService<PipeServerInstance>();
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"Listening on {app.Urls.First()}; Ctrl+C stops."));
try
{
    await app.RunAsync();
}
catch (ListenException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

var report = server.ShutdownReport!;
Console.WriteLine($"{report.Outcome} in {report.Elapsed.TotalSeconds:F1} s with {report.Requests.Completed} requests answered.");
return report.Outcome == ShutdownOutcome.Drained ? 0 : 3; // 3: something was cut off
