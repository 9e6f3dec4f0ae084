namespace PipeServer.StaticFiles;

/// <summary>
/// A file that is kept open between requests, whose content goes from the system's cache of it into each response. What is sent is the
/// version that its head tells of, or nothing. Any number of threads may read at once, and while it is closed.
/// </summary>
internal sealed class KeptFile : IBodySource, IDisposable
{
    private readonly OpenedFile _file;
    private readonly int _number;

    /// <summary>Becomes an owner of an open file, whose other owners go on as before.</summary>
    /// <param name="file">The file, settled: a change from now on shows in its times.</param>
    private KeptFile(OpenedFile file) => (_file, _number) = (file, (int)file.Handle.DangerousGetHandle());

    public int Length => (int)_file.Identity.Length;

    /// <summary>Keeps a file open that the caller has open; null where that is of no use: it is too large, or the system cannot read without waiting.</summary>
    public static KeptFile? TryKeep(OpenedFile file) => CanKeep(file) && file.TryShare() ? new KeptFile(file) : null;

    public bool TryRead(Span<byte> destination)
    {
        if (!_file.TryShare())
        {
            return false; // closed a moment ago
        }

        try
        {
            // In this order: whoever writes into the file sets its times before the first byte, so that a look that comes after the
            // reading tells of every write that may have got into it. That of a rename shows too, and then the name is looked at again.
            return FileCalls.TryReadAtOnce(_number, destination)
                && FileCalls.TryIdentify(_number, out var now)
                && now == _file.Identity;
        }
        finally
        {
            _file.Dispose();
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool CanKeep(OpenedFile file) =>
        file.Identity.Length is > 0 and <= PreparedResponse.MaxSourceBytes && FileCalls.CanReadAtOnce(file.Handle);
}
