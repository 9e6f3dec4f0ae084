using PipeServer.Cli;
using PipeServer.Cli.Upgrade;
using PipeServer.Platform;

DescriptorLimits.Raise();
StandardDescriptors.EnsureOpen();
var predecessor = Predecessor.Find();
var streams = new StandardStreams();
streams.ReportCrashes();
var clock = new MainThreadClock();
int code;
try
{
    var running = new CommandLine(streams, new ServeCommand(streams, clock, predecessor).RunAsync).InvokeAsync(args);
    clock.RunUntil(running);
    code = await running.ConfigureAwait(false);
}
catch (Exception fault) when (fault is IOException or OutOfMemoryException or TypeInitializationException { InnerException: IOException })
{
    // Most likely the runtime itself found no descriptor (ENFILE, EMFILE), for an assembly or else, or no thread.
    var exception = fault is TypeInitializationException ? fault.InnerException! : fault;
    var reason = exception.Message.Split('\n')[0].TrimEnd('.', '\r');
    var wayOut = exception switch
    {
        OutOfMemoryException => " The process needs more addresses, memory or threads: ulimit -v (2 GB at least), ulimit -u, TasksMax, pids.max.",
        FileNotFoundException => " The process needs more files: ulimit -n, or LimitNOFILE.",
        { HResult: 12 } => " The process needs more addresses or memory: ulimit -v (2 GB at least).",
        _ => exception.HResult is 23 or 24 ? " The process needs more files: ulimit -n, or LimitNOFILE." : "",
    };
    streams.WriteError($"{reason}.{wayOut}");
    code = ExitCode.CouldNotStart;
}

if (streams.Plain.Finish() is { } problem)
{
    streams.WriteError($"standard output: {problem}.");
    code = ExitCode.CouldNotStart;
}

predecessor?.Fail(streams.LastError ?? $"it ended with {code}");
streams.Finish();
return code;
