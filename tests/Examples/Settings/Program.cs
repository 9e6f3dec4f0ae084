using Microsoft.Extensions.Configuration;
using PipeServer;

var settings = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(args.FirstOrDefault("appsettings.json"))).Build();
await using var site = new HttpServer(Options("Site"));
await using var admin = new HttpServer(Options("Admin"));
site.MapGet("/", (_, response) => response.WriteText("Hello, World!"));
await await Task.WhenAny(site.RunAsync(() => Show(site)), admin.RunAsync(() => Show(admin))); // one that fails ends the other

HttpServerOptions? Options(string section) => // a name that is misspelt is an error too
    settings.GetSection(section).Get<HttpServerOptions>(binder => binder.ErrorOnUnknownConfiguration = true);
void Show(HttpServer server) => Console.WriteLine($"Listening on {string.Join(", ", server.EndPoints)}");
