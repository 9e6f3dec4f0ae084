using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class DrainRulesTests
{
    [Theory]
    [InlineData(30_000, 29_500)]
    [InlineData(2_000, 1_500)]
    [InlineData(1_000, 750)]
    [InlineData(0, 0)]
    public void A_read_ends_early_enough_to_be_answered(int left, int longest) =>
        Assert.Equal(TimeSpan.FromMilliseconds(longest), DrainRules.LongestRead(TimeSpan.FromMilliseconds(left)));

    [Fact]
    public void A_handler_at_work_keeps_its_time() =>
        Assert.Null(DrainRules.ReadTimeout(ConnectionState.Handling, TimeSpan.FromSeconds(1)));

    [Fact]
    public void An_idle_connection_has_the_time_of_its_option() =>
        Assert.Equal(TimeSpan.FromSeconds(7), DrainRules.ReadTimeout(ConnectionState.Idle, TimeSpan.FromSeconds(7)));
}
