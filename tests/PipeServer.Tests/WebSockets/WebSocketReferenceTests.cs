using PipeServer.Fuzz.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>The table and the fuzzer's reference were written apart from each other: each is the other's test.</summary>
public sealed class WebSocketReferenceTests
{
    [Fact]
    public void The_table_and_the_reference_say_the_same()
    {
        var problems = new List<string>();
        foreach (var item in WebSocketCases.All.Where(static item => !item.Section.StartsWith("what is agreed on", StringComparison.Ordinal)))
        {
            var inflater = item.Extensions is null ? null : new Inflater(15, !item.Path.EndsWith("/alone"), WebSocketServer.LimitOf(item.Path));
            var expected = WebSocketReference.Expect(item.Sent, inflater, WebSocketServer.LimitOf(item.Path));
            var close = item.Close.Count > 0 ? item.Close : [item.IsCut ? CloseCode.None : CloseCode.Normal];
            IEnumerable<WebSocketEvent> events = item.Close.Count > 0 || item.IsCut ? item.Events : [.. item.Events, WebSocketCases.Marker];
            if ((expected.Close.Count > 0 && close.Except(expected.Close).Any()) || !(expected.IsPrefix ? events.Take(expected.Events.Count) : events).SequenceEqual(expected.Events))
            {
                problems.Add($"{item.Id} ({item.Section}): [{string.Join(", ", events)}] close {string.Join(" or ", close)}, but the reference says {expected}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    // As far as it matters for the answer to "how many": no case is there twice.
    [Fact]
    public void Every_case_of_the_table_has_a_name_of_its_own()
    {
        var names = WebSocketCases.All.Select(static item => $"{item.Section}: {item.Path}: {item.Id}").ToList();
        Assert.Empty(names.GroupBy(static name => name).Where(static group => group.Count() > 1).Select(static group => group.Key));
        Assert.True(names.Count > 500, $"{names.Count}");
    }
}
