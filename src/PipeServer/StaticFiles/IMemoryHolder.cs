namespace PipeServer.StaticFiles;

/// <summary>Holds memory within a <see cref="MemoryBudget"/> beside others. Thread-safe.</summary>
internal interface IMemoryHolder
{
    /// <summary>How many bytes it holds, roughly.</summary>
    long Bytes { get; }

    /// <summary>How many entries it holds.</summary>
    int Count { get; }

    /// <summary>Gives up what it needs least; false when it holds nothing. Not to be called under a lock of another holder.</summary>
    bool TryGiveUpOne();
}
