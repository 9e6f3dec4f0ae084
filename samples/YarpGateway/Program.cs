using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using PipeServer;
using PipeServer.AspNetCore;
using YarpGateway;

// Its settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.WebHost.UsePipeServer();

// Routes, destinations and their health checks are in appsettings.json, and change while it runs when that file does.
builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
builder.Services.Configure<HostOptions>(builder.Configuration.GetSection(nameof(HostOptions))); // ShutdownTimeout: how long a drain may take
builder.Services.AddHealthChecks().AddCheck<DestinationsCheck>("destinations");

var app = builder.Build();
app.MapHealthChecks("/gateway/live", new HealthCheckOptions { Predicate = static _ => false });
app.MapHealthChecks("/gateway/ready");
app.MapReverseProxy(static proxy =>
{
    proxy.Use(static (context, next) =>
    {
        // For who looks for a fault: which destination has answered. Known when the answer begins.
        context.Response.OnStarting(static state =>
        {
            var proxied = (HttpContext)state;
            proxied.Response.Headers["X-Destination"] = proxied.GetReverseProxyFeature().ProxiedDestination?.DestinationId;
            return Task.CompletedTask;
        }, context);
        return next(context);
    });
    proxy.UseSessionAffinity();
    proxy.UseLoadBalancing();
    proxy.UsePassiveHealthChecks();
});

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
