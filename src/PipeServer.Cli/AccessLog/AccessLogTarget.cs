using PipeServer.Diagnostics;

namespace PipeServer.Cli.AccessLog;

/// <summary>Where the lines of the access log go. Used by one thread, but for its name.</summary>
internal sealed class AccessLogTarget : IDisposable
{
    // For a file: the system copies it at once.
    private const int FileChunkBytes = 256 * 1024;

    private readonly AccessLogFile? _file;

    private AccessLogTarget(AccessLogFile? file, ILineTarget target, string name)
    {
        (_file, Name) = (file, name);
        Lines = new WholeLines(target, file is null ? WholeLines.PipeBytes : FileChunkBytes);
    }

    /// <summary>What it is called in the server's log.</summary>
    public string Name { get; }

    /// <summary>The way of the lines.</summary>
    public WholeLines Lines { get; }

    /// <summary>It has a name that something else may have by now.</summary>
    public bool IsFile => _file is not null;

    /// <summary>Opens one.</summary>
    /// <param name="path">The file, or <c>-</c> for standard output; <c>/dev/stdout</c> and <c>/dev/stderr</c> are the streams themselves.</param>
    /// <param name="target">The target; null when there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpen(string path, out AccessLogTarget? target)
    {
        target = null;
        var descriptor = path == "-" ? StandardStream.Output : ReportFile.DescriptorOf(path);
        if (descriptor is { } stream)
        {
            var name = stream == StandardStream.Output ? "on standard output" : "on standard error";
            target = new AccessLogTarget(file: null, new StandardStream(stream), name);
            return null;
        }

        var file = new AccessLogFile(path);
        if (file.Open() is not 0 and var error)
        {
            return AccessLogFile.Explain(error);
        }

        target = new AccessLogTarget(file, file, path);
        return null;
    }

    /// <summary>One that is no file; for tests, and for standard output.</summary>
    public static AccessLogTarget To(ILineTarget target) => new(file: null, target, "on standard output");

    /// <summary>One that takes lines and forgets them: the log has been turned off.</summary>
    public static AccessLogTarget Nothing() => new(file: null, new Forgetful(), "that is turned off");

    /// <summary>Opens the file anew: what has its name now.</summary>
    /// <returns>0, or the system's error number; then the file that was open is kept.</returns>
    public int Reopen() => _file?.Open() ?? 0;

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private sealed class Forgetful : ILineTarget
    {
        public bool IsReady => true;

        public int Write(ReadOnlySpan<byte> bytes, out int written)
        {
            written = bytes.Length;
            return 0;
        }
    }
}
