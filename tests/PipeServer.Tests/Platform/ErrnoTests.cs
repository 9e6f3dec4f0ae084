using System.Net.Sockets;
using PipeServer.Platform;

namespace PipeServer.Tests.Platform;

public sealed class ErrnoTests
{
    // Each transport had a list of its own, and the sockets transport's was shorter: a client whose network had gone made it wait as if the
    // process were short of something.
    [Theory]
    [InlineData(Errno.ECONNABORTED, SocketError.ConnectionAborted)]
    [InlineData(Errno.ECONNRESET, SocketError.ConnectionReset)]
    [InlineData(Errno.ENETDOWN, SocketError.NetworkDown)]
    [InlineData(Errno.ENETUNREACH, SocketError.NetworkUnreachable)]
    [InlineData(Errno.EHOSTUNREACH, SocketError.HostUnreachable)]
    [InlineData(Errno.ETIMEDOUT, SocketError.TimedOut)]
    [InlineData(Errno.EMFILE, SocketError.TooManyOpenSockets)]
    [InlineData(Errno.ENOBUFS, SocketError.NoBufferSpaceAvailable)]
    [InlineData(Errno.EINVAL, SocketError.InvalidArgument)]
    public void Both_transports_know_the_same_errors_of_one_client(int errno, SocketError error) =>
        Assert.Equal(Errno.IsOfOneClient(errno), Errno.IsOfOneClient(error));

    [Fact]
    public void A_client_that_is_gone_is_one() =>
        Assert.True(Errno.IsOfOneClient(Errno.ECONNABORTED) && Errno.IsOfOneClient(SocketError.NetworkDown) && !Errno.IsOfOneClient(Errno.EMFILE));
}
