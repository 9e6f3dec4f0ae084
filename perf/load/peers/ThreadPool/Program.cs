using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PipeServer;

// PipeServer over epoll whose handler goes to the .NET thread pool instead of the worker pool: what WorkerPool is compared with.
// Arguments: port, folder (unused), where to write the report on exit.
using var stop = new SemaphoreSlim(0);
using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    stop.Release();
});
await using var server = new HttpServer(new HttpServerOptions { Port = int.Parse(args[0], CultureInfo.InvariantCulture), Backlog = 4096 });
server.MapGet("/plaintext", PlaintextAsync, Dispatch.Inline);
await server.StartAsync();
Console.WriteLine("listening");
await stop.WaitAsync();
await server.StopAsync();
File.WriteAllText(args[2], string.Create(CultureInfo.InvariantCulture, $"{{\"allocatedBytes\":{GC.GetTotalAllocatedBytes(precise: true)}}}"));

// Yield goes to the thread pool, and with a pooled state machine it allocates nothing either.
[AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
static async ValueTask PlaintextAsync(HttpRequest request, HttpResponse response)
{
    await Task.Yield();
    response.WriteBytes("Hello, World!"u8, "text/plain");
}
