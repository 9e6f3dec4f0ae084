// PipeServerApplication1: an ASP.NET Core application, served by PipeServer instead of Kestrel.
//
//   dotnet run                                      listens at http://localhost:5000; `dotnet run --urls http://localhost:9000` elsewhere
//   curl http://localhost:5000/hello/you            asks it
//
// Ctrl+C or SIGTERM stops it: it takes no more connections, and answers what is in flight within the host's ShutdownTimeout.
var builder = WebApplication.CreateBuilder(args);

// Its options are the section "PipeServer" of appsettings.json, and can be set here: UsePipeServer(options => ...).
builder.WebHost.UsePipeServer();

var app = builder.Build();

app.MapGet("/", () => "Hello!\n");
app.MapGet("/hello/{name}", (string name) => $"Hello, {name}!\n");
app.MapPost("/orders", (Order order) => Results.Created($"/orders/{order.Id}", order));

app.Run();

internal sealed record Order(int Id, string Item);
