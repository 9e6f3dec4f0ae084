using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BookServer;
using PipeServer;
using ThreadPool = BookServer.ThreadPool;

var isOnPipeServer = args.Contains("--on-pipeserver");
var numbers = args.Where(static argument => argument != "--on-pipeserver").ToArray();
if (numbers.Length > 1 || !ushort.TryParse(numbers.FirstOrDefault("7878"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: BookServer [PORT] [--on-pipeserver]     a port up to 65535, or 0 for a free one; 7878 if none is named");
    return 2;
}

using var listener = new TcpListener(IPAddress.Loopback, port);
try
{
    if (isOnPipeServer)
    {
        await OnPipeServer.RunAsync(port);
        return 0;
    }

    listener.Start();
}
catch (SocketException exception)
{
    Console.Error.WriteLine(exception is ListenException ? exception.Message : $"Cannot listen on 127.0.0.1:{port}: {exception.Message}");
    return 1;
}

// Not in the Book: Ctrl+C and SIGTERM end the loop below, and with it everything in the same order.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
Console.WriteLine($"Listening on http://{listener.LocalEndpoint}");

using (var pool = new ThreadPool(4))
{
    foreach (var client in Incoming.Clients(listener).Take(2))
    {
        pool.Execute(() => Connection.Handle(client));
    }

    Console.WriteLine("Shutting down.");
}

return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    listener.Stop();
}
