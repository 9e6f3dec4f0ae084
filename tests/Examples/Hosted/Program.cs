using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PipeServer;
using PipeServer.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSystemd();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddHealthChecks();

var routes = builder.Services.AddPipeServer(options => options.Port = args is [var port] ? int.Parse(port) : options.Port);
routes.MapGet("/hello/{name}", (request, response, services) =>
    response.WriteText($"Hello, {request.RouteValues["name"]}, in {services.GetRequiredService<TimeProvider>().GetUtcNow().Year}!"));
routes.MapPost<Upper>("/upper");
routes.MapHealthChecks("/healthz/ready");

using var host = builder.Build();
var server = host.Services.GetRequiredService<IPipeServer>();
host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(
    () => Console.WriteLine($"Listening on {server.Server.Addresses[0]}; Ctrl+C stops."));
await host.RunAsync();
Console.WriteLine($"{server.LastReport!.Outcome} with {server.LastReport.Requests.Completed} requests answered.");

internal sealed class Upper(TimeProvider time) : IRequestHandler
{
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        using var reader = new StreamReader(request.Body.AsStream());
        response.WriteText($"{(await reader.ReadToEndAsync()).ToUpperInvariant()} ({time.GetUtcNow().Year})");
    }
}
