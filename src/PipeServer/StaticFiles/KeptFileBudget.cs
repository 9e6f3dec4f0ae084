using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>How many files may be kept open between requests, or folders be watched. Safe for any number of threads.</summary>
/// <param name="most">That many.</param>
internal sealed class KeptFileBudget(int most)
{
    private int _taken;

    /// <summary>The one of the process, for all of its handlers: descriptors are the process's.</summary>
    public static KeptFileBudget OfProcess { get; } = new(DescriptorLimits.MostKeptFiles);

    public int Taken => Volatile.Read(ref _taken);

    /// <summary>True when there is room for some more.</summary>
    public bool HasRoomFor(int files) => Taken + files <= most;

    /// <summary>Takes room for some files; false, and none, when there is not enough.</summary>
    public bool TryTake(int files)
    {
        if (Interlocked.Add(ref _taken, files) <= most)
        {
            return true;
        }

        GiveBack(files);
        return false;
    }

    public void GiveBack(int files) => Interlocked.Add(ref _taken, -files);
}
