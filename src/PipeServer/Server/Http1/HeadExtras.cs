namespace PipeServer.Server.Http1;

/// <summary>What the heads of a connection's responses have beside what all have, so that it is one test where that is nothing.</summary>
[Flags]
internal enum HeadExtras : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The response in progress, or the last one, is the connection's last: <c>Connection: close</c>.</summary>
    Closing = 1,

    /// <summary>The connection is encrypted, and the server wants to be asked in no other way: <see cref="ConnectionRules.StrictTransport"/>.</summary>
    StrictTransport = 2,
}
