namespace ChatSample;

/// <summary>What became of somebody who wants to come in.</summary>
internal enum JoinResult
{
    /// <summary>A member now.</summary>
    Joined,

    /// <summary>A member has that name.</summary>
    NameTaken,

    /// <summary>There are as many as there may be.</summary>
    Full,
}
