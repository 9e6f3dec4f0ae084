using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>A body allocates nothing once everything is warm, whether its handler has to wait for it or not.</summary>
[Collection(AllocationTests.Name)]
public sealed class BodyAllocationTests
{
    private const int Requests = 1000;
    private const int Overhead = 2048;

    private readonly BodyHost _host = new();
    private readonly byte[] _data = new byte[16384];
    private int _done;

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5000)]
    [InlineData(16384)]
    public async Task A_body_that_is_here_allocates_nothing(int length) =>
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, async () =>
        {
            for (var i = 0; i < Requests; i++)
            {
                _host.Body.Start(hasBody: true, length, expectsContinue: false);
                Receive(length, endsStream: true);
                await ReadAsync();
                _host.Body.Detach();
            }
        });

    [Fact]
    public async Task A_body_that_is_waited_for_allocates_nothing() =>
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, async () =>
        {
            Volatile.Write(ref _done, 0);
            var reading = ReadManyAsync();
            for (var i = 0; i < Requests; i++)
            {
                while (Volatile.Read(ref _done) != i)
                {
                    Thread.Yield();
                }

                Receive(_data.Length, endsStream: false);
                Receive(_data.Length, endsStream: false);
                Receive(_data.Length, endsStream: true);
            }

            await reading;
        });

    // One async method for all of them: what the builders of async methods allocate is none of the body's.
    private async Task ReadManyAsync()
    {
        _host.Body.Start(hasBody: true, 3 * _data.Length, expectsContinue: false);
        for (var i = 0; i < Requests; i++)
        {
            ReadResult read;
            do
            {
                read = await _host.Body.ReadAsync().ConfigureAwait(false);
                _host.Body.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);

            _host.Body.Detach();
            _host.Body.Start(hasBody: true, 3 * _data.Length, expectsContinue: false);
            Volatile.Write(ref _done, i + 1);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadAsync()
    {
        while (true)
        {
            var read = await _host.Body.ReadAsync();
            _host.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private void Receive(int length, bool endsStream)
    {
        // No assertion of a test framework allocates nothing.
        if (!_host.Window.TryTake(length) || _host.Body.Receive(_data.AsSpan(0, length), length, endsStream) != DataVerdict.Taken)
        {
            throw new InvalidOperationException("It was not taken.");
        }

        _host.Body.TakeWindowUpdate();
        _host.Window.TakeUpdate();
    }
}
