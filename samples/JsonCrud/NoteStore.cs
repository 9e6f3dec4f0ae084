namespace JsonCrud;

/// <summary>
/// The notes, in memory, for any number of threads. Each call is one step under one lock: what a condition was checked against is what is changed. A
/// database takes its place with the same members, one transaction each.
/// </summary>
internal sealed class NoteStore(int capacity)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, Note> _notes = [];
    private readonly HashSet<string> _titles = new(StringComparer.OrdinalIgnoreCase);
    private int _lastId;

    /// <summary>Up to <paramref name="count"/> notes whose ids are above one.</summary>
    public IReadOnlyList<Note> List(int afterId, int count)
    {
        lock (_lock)
        {
            return [.. _notes.Values.Where(note => note.Id > afterId).Take(count)];
        }
    }

    /// <summary>The note of an id, or null.</summary>
    public Note? Find(int id)
    {
        lock (_lock)
        {
            return _notes.GetValueOrDefault(id);
        }
    }

    /// <summary>Adds a note.</summary>
    public StoreResult Add(NoteDraft draft, out Note? added)
    {
        added = null;
        lock (_lock)
        {
            if (_notes.Count >= capacity)
            {
                return StoreResult.Full;
            }

            if (!_titles.Add(draft.Title))
            {
                return StoreResult.TitleTaken;
            }

            added = new Note(++_lastId, draft.Title, draft.Text, Version: 1);
            _notes.Add(added.Id, added);
            return StoreResult.Done;
        }
    }

    /// <summary>Puts another text into a note, if its current version meets the condition.</summary>
    public StoreResult Replace(int id, NoteDraft draft, Func<Note, bool> condition, out Note? replaced)
    {
        replaced = null;
        lock (_lock)
        {
            if (!_notes.TryGetValue(id, out var current))
            {
                return StoreResult.NotFound;
            }

            if (!condition(current))
            {
                return StoreResult.ConditionFailed;
            }

            // The same title in another case is the note's own.
            if (!_titles.Comparer.Equals(current.Title, draft.Title) && !_titles.Add(draft.Title))
            {
                return StoreResult.TitleTaken;
            }

            if (!_titles.Comparer.Equals(current.Title, draft.Title))
            {
                _titles.Remove(current.Title);
            }

            replaced = current with { Title = draft.Title, Text = draft.Text, Version = current.Version + 1 };
            _notes[id] = replaced;
            return StoreResult.Done;
        }
    }

    /// <summary>Removes a note, if its current version meets the condition.</summary>
    public StoreResult Remove(int id, Func<Note, bool> condition)
    {
        lock (_lock)
        {
            if (!_notes.TryGetValue(id, out var current))
            {
                return StoreResult.NotFound;
            }

            if (!condition(current))
            {
                return StoreResult.ConditionFailed;
            }

            _notes.Remove(id);
            _titles.Remove(current.Title);
            return StoreResult.Done;
        }
    }
}
