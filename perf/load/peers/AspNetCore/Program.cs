using System.Globalization;
using System.Net;
using System.Text.Json;
using PipeServer;
using PipeServer.Load.Kestrel;

// The application of the Kestrel peer on PipeServer. Arguments: port, folder of the files, where to write the report on exit, and the dispatch of requests.
var (port, root, report) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1], args[2]);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
builder.WebHost.UsePipeServer(options =>
{
    options.Dispatch = Enum.Parse<Dispatch>(args[3]);
    options.Server.Endpoints = [new HttpEndpoint(IPAddress.Loopback, port)];
});
var app = builder.Build();
PeerApplication.Use(app, root);
await app.StartAsync();
Console.WriteLine("listening");
await app.WaitForShutdownAsync();
File.WriteAllText(report, JsonSerializer.Serialize(new PeerReport(GC.GetTotalAllocatedBytes(precise: true)), PeerJson.Default.PeerReport));
