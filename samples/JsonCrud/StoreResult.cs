namespace JsonCrud;

/// <summary>How a change of the store went; all but <see cref="Done"/> have changed nothing.</summary>
internal enum StoreResult
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>There is no such note.</summary>
    NotFound,

    /// <summary>Another note has the title.</summary>
    TitleTaken,

    /// <summary>The note is of another version than the client has seen.</summary>
    ConditionFailed,

    /// <summary>There is no room for one more.</summary>
    Full,
}
