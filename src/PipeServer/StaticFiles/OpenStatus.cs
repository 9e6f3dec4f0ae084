namespace PipeServer.StaticFiles;

/// <summary>What came of an attempt to open a file.</summary>
internal enum OpenStatus
{
    /// <summary>A regular file, open.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>Nothing that may be served: not there, outside the root, or a device, a FIFO, a socket.</summary>
    NotFound,

    /// <summary>There, and the server may not read it.</summary>
    Forbidden,

    /// <summary>The process, or the system, has no descriptor or no memory left.</summary>
    Exhausted,

    /// <summary>Not to be told without waiting; only where that was asked for, see <see cref="FileRoot.AtOnce"/>.</summary>
    MustWait,
}
