using PipeServer.Platform;

namespace PipeServer.Tests.Platform;

/// <summary>What has been looked at in a turn of this thread is not looked at again in it, and is in any other one.</summary>
public sealed class ThreadTurnTests
{
    private readonly object _one = new();
    private readonly object _other = new();

    [Fact]
    public void Outside_of_a_turn_everything_is_looked_at_each_time()
    {
        ThreadTurn.End();
        Assert.True(ThreadTurn.MustLook(_one));
        Assert.True(ThreadTurn.MustLook(_one));
    }

    [Fact]
    public void Within_one_it_is_looked_at_once()
    {
        ThreadTurn.Begin();
        Assert.True(ThreadTurn.MustLook(_one));
        Assert.False(ThreadTurn.MustLook(_one));
        Assert.True(ThreadTurn.MustLook(_other));
        Assert.False(ThreadTurn.MustLook(_other));
        ThreadTurn.Begin();
        Assert.True(ThreadTurn.MustLook(_other));
        ThreadTurn.End();
        Assert.True(ThreadTurn.MustLook(_other));
    }

    [Fact]
    public void Another_thread_is_not_in_it()
    {
        ThreadTurn.Begin();
        Assert.True(ThreadTurn.MustLook(_one));
        var (first, second) = (false, false);
        var thread = new Thread(() => (first, second) = (ThreadTurn.MustLook(_one), ThreadTurn.MustLook(_one)));
        thread.Start();
        thread.Join();
        ThreadTurn.End();
        Assert.True(first && second);
    }
}
