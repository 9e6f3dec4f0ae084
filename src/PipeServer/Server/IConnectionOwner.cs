namespace PipeServer.Server;

/// <summary>Who has set a connection going, and wants to know when it has ended.</summary>
internal interface IConnectionOwner
{
    /// <summary>The connection has ended, and its transport is closed. The last thing that happens to it: it may be used again from here on.</summary>
    void OnEnded(Connection connection);
}
