namespace PipeServer.Cli.AccessLog;

/// <summary>
/// Makes a line of each request that has ended, but for those that are left out, and hands it to the writer. Safe for any number of threads.
/// </summary>
/// <param name="writer">Where the lines go.</param>
/// <param name="format">What they look like.</param>
/// <param name="skipped">Paths that are left out.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class AccessLogLines(AccessLogWriter writer, AccessLogFormat format, IReadOnlyList<PathPattern> skipped, TimeProvider timeProvider)
{
    // A request line and four fields, each escaped to six times its length where it is all control characters.
    private const int MaxLineBytes = 64 * 1024;

    [ThreadStatic]
    private static Scratch? _scratch;

    /// <summary>For <see cref="HttpServerOptions.OnCompleted"/>.</summary>
    public void Write(in RequestCompletion completion)
    {
        if (completion.Request is { } request && IsSkipped(request.PathBytes))
        {
            return;
        }

        var scratch = _scratch is { } own && own.Owner == this ? own : _scratch = new Scratch(this, new AccessLogClock(timeProvider));
        var line = new AccessLineBuilder(scratch.Bytes.AsSpan(0, MaxLineBytes - 1));
        format.Write(ref line, completion, scratch.Clock);
        scratch.Bytes[line.Length] = (byte)'\n';
        writer.Write(scratch.Bytes.AsSpan(0, line.Length + 1));
    }

    private bool IsSkipped(ReadOnlySpan<byte> path)
    {
        foreach (var pattern in skipped)
        {
            if (pattern.Matches(path))
            {
                return true;
            }
        }

        return false;
    }

    // A thread's own.
    private sealed record Scratch(AccessLogLines Owner, AccessLogClock Clock)
    {
        public byte[] Bytes { get; } = new byte[MaxLineBytes];
    }
}
