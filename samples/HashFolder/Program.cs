using HashFolder;
using PipeServer;
using PipeServer.Workers;

if (args is not [var folder] || !Directory.Exists(folder))
{
    Console.Error.WriteLine(args is [var missing] ? $"There is no folder {missing}." : "Usage: HashFolder FOLDER     prints lines for sha256sum -c");
    return 2;
}

const int ExitOfInterrupted = 130; // as shells have it for Ctrl+C
var files = 0;
var failures = 0;
var stopped = 0;
using var signals = new StopSignals();
using var stopping = new CancellationTokenSource();
_ = signals.Stop.ContinueWith(_ => stopping.Cancel(), TaskScheduler.Default);

try
{
    var progress = new Progress(FolderFiles.Below(folder).Sum(static file => file.Length), Console.Error, !Console.IsErrorRedirected, TimeProvider.System);

    // The queue is bounded: Execute waits while it is full, so the folder is listed no faster than it is hashed, and its size needs no memory.
    using (var pool = new WorkerPool(size: Environment.ProcessorCount, capacity: 100))
    {
        foreach (var file in FolderFiles.Below(folder))
        {
            if (stopping.IsCancellationRequested)
            {
                break;
            }

            var path = Path.Combine(folder, Path.GetRelativePath(folder, file.FullName));
            pool.Execute(() => Hash(path, progress));
        }
    } // all that was accepted has run here, and the workers are joined
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    failures++;
}

if (stopped > 0 || stopping.IsCancellationRequested)
{
    Console.Error.WriteLine($"Stopped. {files} files are hashed; every line that was written is whole.");
    return ExitOfInterrupted;
}

Console.Error.WriteLine($"{files} files hashed, {failures} could not be read.");
return failures == 0 ? 0 : 1;

void Hash(string path, Progress progress)
{
    try
    {
        if (stopping.IsCancellationRequested || HashJob.Hash(path, progress, stopping.Token) is not { } hash)
        {
            Interlocked.Increment(ref stopped);
            return;
        }

        progress.WriteLine(Console.Out, SumLine.Format(hash, path));
        Interlocked.Increment(ref files);
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        progress.WriteLine(Console.Error, exception.Message);
        Interlocked.Increment(ref failures);
    }
}
