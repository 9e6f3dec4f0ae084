using PipeServer.Instructions;

namespace PipeServer.Tests.Perf;

public sealed class CallgrindProfileTests
{
    [Fact]
    public void A_call_counts_where_it_was_spent()
    {
        var profile = CallgrindProfile.Read(
        [
            "events: Ir",
            "",
            "fl=(1) server.cs",
            "fn=(1) Parse",
            "10 5",
            "cfn=(2) Find",
            "calls=3 20",
            "11 30",
            "+1 2",
            "",
            "fn=(2)",
            "20 30",
        ]);
        Assert.Equal(37, profile.Total);
        Assert.Equal(7, profile.Functions["Parse"]);
        Assert.Equal(30, profile.Functions["Find"]);
    }

    [Fact]
    public void Numbers_of_state_machines_are_left_out()
    {
        var profile = CallgrindProfile.Read(["fn=(7) Connection__Run_d__31__MoveNext", "* 4", "fn=(8) Connection__Run_d__32__MoveNext'2", "-3 6"]);
        Assert.Equal(["Connection__Run_d____MoveNext"], profile.Functions.Keys);
        Assert.Equal(10, profile.Total);
    }

    [Fact]
    public void A_number_without_a_name_is_no_profile() =>
        Assert.Throws<FormatException>(static () => CallgrindProfile.Read(["fn=(3)", "1 1"]));
}
