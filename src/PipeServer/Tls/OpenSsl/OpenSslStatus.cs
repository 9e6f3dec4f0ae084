namespace PipeServer.Tls.OpenSsl;

/// <summary>How far OpenSSL has come with what it was given.</summary>
internal enum OpenSslStatus
{
    /// <summary>All of it is used up, and more is needed to go on.</summary>
    NeedsMore,

    /// <summary>The room for plaintext is used up; there may be more.</summary>
    IsFull,

    /// <summary>The handshake is done.</summary>
    IsDone,

    /// <summary>The client has said that it sends nothing more (close_notify).</summary>
    HasEnded,

    /// <summary>Nothing more can come or go: the alert that says why is among the output.</summary>
    HasFailed,
}
