using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// Runs once through the code that is needed when descriptors run out: loading it only then would need files itself, and the
/// runtime ends the process when it cannot open them. Nobody waits for it: clients that come meanwhile are served, and those that the
/// server has room for leave the descriptors that this needs. Never throws: by now the server listens, and it serves without this too.
/// </summary>
internal static class WarmUp
{
    /// <summary>Runs through the code of these listeners' protocols.</summary>
    public static void Run(IReadOnlyList<BoundListener> listeners, ILogger logger)
    {
        try
        {
            Run(listeners);
        }
#pragma warning disable CA1031 // See above; most likely no descriptor is left already.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.WarmUpFailed(logger, exception);
        }
    }

    private static void Run(IReadOnlyList<BoundListener> listeners)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var listener in listeners)
        {
            listener.Protocol.WriteRefusal(output, RequestError.TooManyConnections);
            if (listener.Filters is [.., ProtocolChoice choice])
            {
                choice.Http2.WriteRefusal(output, RequestError.TooManyConnections);
            }
        }

        foreach (var error in Enum.GetValues<RequestError>())
        {
            output.Write(RequestErrors.Body(error));
        }

        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            return; // a native process has all of its code already, and the names of a stack trace take a third of its start
        }

        try
        {
            throw new IOException("Too many open files");
        }
        catch (IOException exception)
        {
            _ = exception.ToString();
        }
    }
}
