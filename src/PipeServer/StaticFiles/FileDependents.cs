namespace PipeServer.StaticFiles;

/// <summary>Which answers depend on which entries of folders. For one thread at a time.</summary>
internal sealed class FileDependents
{
    private readonly Dictionary<(string Folder, string Name), HashSet<CachedFile>> _byEntry = [];

    /// <summary>An answer depends on an entry of a folder.</summary>
    public void Add(string folder, string name, CachedFile file)
    {
        if (!_byEntry.TryGetValue((folder, name), out var dependents))
        {
            _byEntry.Add((folder, name), dependents = []);
        }

        if (dependents.Add(file))
        {
            file.Dependencies.Add((folder, name));
        }
    }

    /// <summary>An answer depends on nothing any more.</summary>
    public void Forget(CachedFile file)
    {
        foreach (var key in file.Dependencies)
        {
            if (_byEntry.TryGetValue(key, out var dependents) && dependents.Remove(file) && dependents.Count == 0)
            {
                _byEntry.Remove(key);
            }
        }

        file.Dependencies.Clear();
    }

    /// <summary>Those that depend on an entry.</summary>
    public IReadOnlyCollection<CachedFile> Of(string folder, string name) => _byEntry.GetValueOrDefault((folder, name)) ?? [];

    /// <summary>Those that depend on anything in or below a folder.</summary>
    public List<CachedFile> Below(string folder) =>
        [.. _byEntry.Where(pair => FolderWatches.IsBelow(pair.Key.Folder, folder)).SelectMany(static pair => pair.Value)];
}
