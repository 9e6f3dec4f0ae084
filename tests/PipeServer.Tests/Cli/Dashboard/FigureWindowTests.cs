using PipeServer.Cli.Dashboard;

namespace PipeServer.Tests.Cli.Dashboard;

public sealed class FigureWindowTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly FigureWindow _window;

    public FigureWindowTests()
    {
        _window = new FigureWindow(_clock);
        Assert.Null(Look());
    }

    [Fact]
    public void Looks_each_second_are_compared_with_the_one_ten_seconds_ago()
    {
        for (var second = 1; second <= 30; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Math.Min(second, 10), Look());
        }
    }

    // A timer's beats come a little early or late.
    [Fact]
    public void Beats_that_are_not_even_change_nothing_but_the_length()
    {
        for (var second = 1; second <= 60; second++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(second % 2 == 0 ? 970 : 1030));
            Assert.InRange(Look()!.Value, Math.Min(second, 10) - 0.1, Math.Min(second, 10) + 0.1);
        }
    }

    [Fact]
    public void After_a_pause_the_time_since_counts_first_and_then_the_last_seconds()
    {
        _clock.Advance(TimeSpan.FromSeconds(200));
        Assert.Equal(200, Look());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Look());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Look());
    }

    [Fact]
    public void A_look_after_a_long_pause_has_nothing_to_compare_with()
    {
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(Look());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Look());
    }

    [Fact]
    public void Looks_of_many_watchers_are_not_all_kept()
    {
        for (var i = 0; i < 2000; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(20));
            Look();
        }

        Assert.InRange(_window.Kept, 1, 15);
        Assert.InRange(Look()!.Value, 9, 11);
    }

    [Fact]
    public void Nobody_who_watches_needs_one_look_only()
    {
        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Look();
        }

        _window.Shrink();
        Assert.Equal(1, _window.Kept);
    }

    // How many seconds before now the look is that this one is compared with.
    private double? Look() => _window.Note(RequestFigures.None(_clock.GetTimestamp())) is { } before ? _clock.GetElapsedTime(before.At).TotalSeconds : null;
}
