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
using var signals = new StopSignals();
var stop = signals.Stop;

// The folder is listed twice: once for the length of all, so that there is something to be a share of, and once for the work.
var bytes = FolderFiles.Below(folder, static _ => { }).TakeWhile(_ => !stop.IsCompleted).Sum(LengthOf);
var progress = new Progress(bytes, Console.Error, !Console.IsErrorRedirected, TimeProvider.System);

// The queue is bounded: Execute waits while it is full, so the folder is listed no faster than it is hashed, and its size needs no memory.
using (var pool = new WorkerPool(size: Environment.ProcessorCount, capacity: 100))
{
    foreach (var file in FolderFiles.Below(folder, Fail).TakeWhile(_ => !stop.IsCompleted))
    {
        var path = Path.Combine(folder, Path.GetRelativePath(folder, file.FullName));
        pool.Execute(() => Hash(path));
    }
} // all that was accepted has run here, and the workers are joined

if (stop.IsCompleted)
{
    Console.Error.WriteLine($"Stopped. {files} files are hashed; every line that was written is whole.");
    return ExitOfInterrupted;
}

Console.Error.WriteLine($"{files} files hashed, {failures} could not be read.");
return failures == 0 ? 0 : 1;

void Hash(string path)
{
    try
    {
        if (!stop.IsCompleted && HashJob.Hash(path, progress, stop) is { } hash)
        {
            progress.WriteLine(Console.Out, SumLine.Format(hash, path));
            Interlocked.Increment(ref files);
        }
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        Fail(exception.Message);
    }
}

void Fail(string reason)
{
    progress.WriteLine(Console.Error, reason);
    Interlocked.Increment(ref failures);
}

static long LengthOf(FileInfo file)
{
    try
    {
        return file.Length;
    }
    catch (IOException)
    {
        return 0; // gone, or a name that is not UTF-8: the second time it is named
    }
}
