namespace HashFolder;

/// <summary>
/// How far it is, on standard error: a bar that is drawn over on a terminal, otherwise a line for each tenth, as a log can keep it. Any thread may tell it.
/// </summary>
internal sealed class Progress(long totalBytes, TextWriter output, bool isTerminal, TimeProvider time)
{
    private const int BarWidth = 40;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private long _bytes;
    private long _drawn;
    private int _tenths;
    private bool _isDrawn;

    /// <summary>So many bytes more are done.</summary>
    public void Add(long bytes)
    {
        lock (_lock)
        {
            _bytes += bytes;
            if (!isTerminal && Tenths > _tenths)
            {
                _tenths = Tenths;
                output.WriteLine(Text());
            }
            else if (isTerminal && (!_isDrawn || time.GetElapsedTime(_drawn) >= Redraw))
            {
                Draw();
            }
        }
    }

    /// <summary>Writes a line of something else: above the bar, where there is one.</summary>
    public void WriteLine(TextWriter where, string line)
    {
        lock (_lock)
        {
            if (_isDrawn)
            {
                output.Write("\r\e[K"); // what is drawn makes room
                output.Flush();
                _isDrawn = false;
            }

            where.WriteLine(line);
        }
    }

    // Files may grow and shrink while they are read: more than all is all.
    private double Share => totalBytes == 0 ? 1 : Math.Min(1, (double)_bytes / totalBytes);

    private int Tenths => (int)(Share * 10);

    private void Draw()
    {
        var filled = (int)(Share * BarWidth);
        output.Write($"\r[{new string('#', filled)}{new string('.', BarWidth - filled)}] {Text()}\e[K");
        output.Flush();
        (_drawn, _isDrawn) = (time.GetTimestamp(), true);
    }

    private string Text()
    {
        var seconds = Math.Max(time.GetElapsedTime(_start).TotalSeconds, 0.001);
        return FormattableString.Invariant($"{Share * 100:F0} % of {totalBytes / 1e6:F1} MB, {_bytes / 1e6 / seconds:F0} MB/s");
    }
}
