namespace PipeServer.StaticFiles;

/// <summary>What each look into a <see cref="FileCache"/> has to heed, so that it is one test where there is nothing.</summary>
[Flags]
internal enum FileCacheAttention
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Changes of the disk are being applied.</summary>
    Applying = 1,

    /// <summary>Looks are counted.</summary>
    Counting = 2,
}
