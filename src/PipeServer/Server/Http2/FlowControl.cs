namespace PipeServer.Server.Http2;

/// <summary>The sizes of the windows for what clients send, in bytes (RFC 9113 §6.9).</summary>
/// <remarks>
/// A stream that its handler does not read stops at its own window. A connection's window is four of them, and stays ahead of its streams' as both grow, so
/// that it takes several such streams to make others of the same client wait. All bodies of a connection together never have more unread than its window.
/// </remarks>
internal static class FlowControl
{
    /// <summary>What each window has before anybody says otherwise (RFC 9113 §6.9.2).</summary>
    public const int StandardWindow = 65_535;

    /// <summary>A stream's, as SETTINGS_INITIAL_WINDOW_SIZE says.</summary>
    public const int StreamWindow = 256 * 1024;

    /// <summary>A connection's, as the first WINDOW_UPDATE says.</summary>
    public const int ConnectionWindow = 1024 * 1024;

    /// <summary>What a stream's may grow to.</summary>
    public const int MaxStreamWindow = 1024 * 1024;

    /// <summary>What a connection's may grow to.</summary>
    public const int MaxConnectionWindow = 4 * 1024 * 1024;
}
