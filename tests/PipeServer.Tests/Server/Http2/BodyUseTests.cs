using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The body of a request that has none: begun and ended without the lock, as long as nobody looks at it.</summary>
public sealed class BodyUseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly BodyHost _host = new();

    private Http2RequestBody Body => _host.Body;

    [Fact]
    public void A_request_without_a_body_leaves_nothing_behind_and_gets_nothing_of_others()
    {
        Body.Detach();
        for (var request = 0; request < 3; request++)
        {
            Body.Start(hasBody: false, contentLength: -1, expectsContinue: false);
            Assert.True(Body.IsComplete);
            if (request == 1)
            {
                Body.Abort(new IOException("gone"));
                Assert.Throws<IOException>(() => Body.TryRead(out _));
            }

            Body.Detach();
            Assert.Throws<InvalidOperationException>(() => Body.TryRead(out _)); // its handler has ended
            Body.Abort(new IOException("late"));
            Body.CancelPendingRead();
            Body.Release();
        }

        Body.Start(hasBody: false, contentLength: -1, expectsContinue: false);
        Assert.False(Body.IsTouched);
        Assert.True(Body.TryRead(out var result) && result is { IsCompleted: true, IsCanceled: false });
        Body.Detach();
        Body.Start(hasBody: true, contentLength: -1, expectsContinue: false);
        Assert.False(Body.IsComplete);
        Assert.False(Body.TryRead(out _));
    }

    // The handler's side ends it while the owner aborts it, and a late reader looks: whoever is first, the next request's body is new.
    [Fact]
    public async Task A_body_that_nobody_has_looked_at_ends_once()
    {
        var gone = new IOException("gone");
        Body.Detach();
        using var begun = new Barrier(2);
        using var ended = new Barrier(2);
        const int Rounds = 2000;
        var owner = OwnThread.Run(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                Assert.True(begun.SignalAndWait(Patience));
                Body.Abort(gone);
                Assert.True(ended.SignalAndWait(Patience));
            }
        });
        var handler = OwnThread.Run(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                Body.Start(hasBody: false, contentLength: -1, expectsContinue: false);
                Assert.True(begun.SignalAndWait(Patience));
                Body.Detach();
                Assert.True(ended.SignalAndWait(Patience));
                Assert.Throws<InvalidOperationException>(() => Body.TryRead(out _));
                Body.Start(hasBody: false, contentLength: -1, expectsContinue: false);
                Assert.True(Body.TryRead(out var result) && result.IsCompleted);
                Body.Detach();
            }
        });
        await Task.WhenAll(owner, handler);
    }
}
