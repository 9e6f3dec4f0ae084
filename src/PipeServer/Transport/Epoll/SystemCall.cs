namespace PipeServer.Transport.Epoll;

/// <summary>The calls that a loop and its connections live by.</summary>
internal enum SystemCall
{
    Accept,
    Receive,
    Send,
    EpollWait,
    EpollControl,
}
