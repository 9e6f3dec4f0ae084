using System.Buffers;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class WarmUpTests
{
    // With no descriptor left at the start, what the warm-up needs could not be loaded: the start failed, and left a server behind that listened and
    // accepted until its owner disposed of it.
    [Fact]
    public void What_it_throws_is_told_once_and_does_not_fail_the_start()
    {
        var log = new TestLog();
        WarmUp.Run([new BoundListener(null!, [], new FaultyProtocol()), new BoundListener(null!, [], new FaultyProtocol())], log.CreateLogger("test"));
        var (message, exception) = Assert.Single(log.Entries.Select(static entry => (entry.Message, entry.Exception)));
        Assert.EndsWith("the server serves all the same.", message);
        Assert.IsType<FileNotFoundException>(exception);
    }

    private sealed class FaultyProtocol : IProtocol
    {
        public Connection Rent() => throw new NotSupportedException();

        public void Return(Connection connection) => throw new NotSupportedException();

        public void WriteRefusal(IBufferWriter<byte> output, RequestError reason) => throw new FileNotFoundException("Could not load file or assembly.");
    }
}
