using System.Diagnostics.CodeAnalysis;

namespace PipeServer.StaticFiles;

/// <summary>The order in which answers are given up: one that was used since the last time goes round once more. For one thread at a time.</summary>
internal sealed class SecondChance
{
    private readonly LinkedList<CachedFile> _round = new();

    public int Count => _round.Count;

    public void Add(CachedFile file) => file.Place = _round.AddLast(file);

    /// <summary>Removes an answer from whichever round it is in.</summary>
    public static void Remove(CachedFile file)
    {
        if (file.Place is { } place)
        {
            place.List!.Remove(place);
            file.Place = null;
        }
    }

    /// <summary>The next to be given up; false when there is none. It stays where it is until it is removed.</summary>
    public bool TryFindNext([NotNullWhen(true)] out CachedFile? file)
    {
        while (_round.First is { } first)
        {
            file = first.Value;
            if (!file.IsUsed)
            {
                return true;
            }

            file.IsUsed = false;
            _round.RemoveFirst();
            _round.AddLast(first);
        }

        file = null;
        return false;
    }

    /// <summary>Those that were not used since this was asked last, or since they were looked at to be given up.</summary>
    public List<CachedFile> TakeUnused()
    {
        var unused = new List<CachedFile>();
        foreach (var file in _round)
        {
            if (!file.IsUsed)
            {
                unused.Add(file);
            }

            file.IsUsed = false;
        }

        return unused;
    }
}
