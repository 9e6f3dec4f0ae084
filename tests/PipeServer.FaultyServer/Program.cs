using Microsoft.Extensions.Logging.Abstractions;
using PipeServer;

// A server of somebody who set no logger, whose handlers fail. Listens on a unix socket; ends with its standard input.
var options = new HttpServerOptions { UnixSocketPath = args[0] };
if (args is [_, "silent"])
{
    options.LoggerFactory = NullLoggerFactory.Instance;
}

await using var server = new HttpServer(options);
server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("two\nlines, \u001b[2Jan escape, a turn \u202e back"));
await server.StartAsync();
using var input = Console.OpenStandardInput();
_ = input.ReadByte();
