using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Routing;
using PipeServer.Server;
using PipeServer.Server.Http2;
using PipeServer.Workers;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// The open streams by their numbers, beside a dictionary. The table had put every stream behind a removed one to where it stood already: 1,000 instructions
/// a request where many are open. It tells those that stand elsewhere by a count now, which must be right after anything.
/// </summary>
public sealed class StreamTableTests
{
    [Theory]
    [InlineData(1, 2, 40)] // as most clients number them
    [InlineData(2, 16, 40)] // all in a few places
    [InlineData(3, 128, 40)]
    [InlineData(4, 2, 3)]
    public void It_has_those_that_were_added_and_not_removed(int seed, int step, int most)
    {
        var options = new HttpServerOptions { Port = 0 }.Validated();
        using var workers = new WorkerPool(1, 16);
        var context = new ServerContext(options, new RouteMap().ToTable(), workers, TimeProvider.System, NullLogger.Instance);
        var pool = new DefaultObjectPool<Http2Stream>(new Streams(context));
        var connection = new Http2Connection(context, pool);
        var table = new StreamTable();
        var expected = new Dictionary<int, Http2Stream>();
        var random = new Random(seed);
        var next = 1;
        for (var change = 0; change < 20_000; change++)
        {
            if (expected.Count < most && random.Next(2) == 0)
            {
                var stream = pool.Get();
                stream.Open(connection, next, sendWindow: 0);
                table.Add(stream);
                expected.Add(next, stream);
                next += random.Next(4) == 0 ? step : 2;
            }
            else if (expected.Count > 0)
            {
                // Mostly one of the first, while some stay for long.
                var id = expected.Keys.Order().ElementAt(random.Next(random.Next(1, expected.Count + 1)));
                table.Remove(id);
                expected.Remove(id, out var stream);
                Assert.Null(table.Find(id));
                table.Remove(id); // is not there
                Assert.True(stream!.TryRelease());
                pool.Return(stream);
            }

            Assert.Equal(expected.Count, table.Count);
            foreach (var (id, stream) in expected)
            {
                Assert.Same(stream, table.Find(id));
            }
        }

        context.Heartbeat.Dispose();
    }

    private sealed class Streams(ServerContext context) : PooledObjectPolicy<Http2Stream>
    {
        public override Http2Stream Create() => new(context);

        public override bool Return(Http2Stream obj) => true;
    }
}
