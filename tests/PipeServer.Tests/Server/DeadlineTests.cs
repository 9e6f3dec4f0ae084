using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class DeadlineTests
{
    [Fact]
    public void It_expires_once_and_only_when_due()
    {
        var deadline = new Deadline();
        Assert.False(deadline.TryExpire(long.MaxValue - 1));
        deadline.Set(100);
        Assert.False(deadline.IsDue(99));
        Assert.False(deadline.TryExpire(99));
        Assert.True(deadline.IsDue(100));
        Assert.True(deadline.TryExpire(100));
        Assert.True(deadline.IsExpired);
        Assert.False(deadline.IsDue(101));
        Assert.False(deadline.TryExpire(101));
        Assert.True(deadline.Clear());
        Assert.False(deadline.Clear());
        Assert.False(deadline.IsExpired);
    }

    [Fact]
    public void It_is_tightened_and_postponed_while_it_is_set_and_only_to_one_side()
    {
        var deadline = new Deadline();
        deadline.Tighten(50);
        deadline.Postpone(50);
        Assert.False(deadline.IsSet);
        Assert.False(deadline.IsDue(100));
        deadline.Set(150);
        deadline.Tighten(100);
        deadline.Tighten(200);
        Assert.True(deadline.IsDue(100));
        deadline.Postpone(90);
        Assert.True(deadline.IsDue(100));
        deadline.Postpone(300);
        Assert.False(deadline.IsDue(299));
        Assert.True(deadline.TryExpire(300));
        deadline.Tighten(50);
        deadline.Postpone(500);
        Assert.True(deadline.IsExpired);
    }
}
