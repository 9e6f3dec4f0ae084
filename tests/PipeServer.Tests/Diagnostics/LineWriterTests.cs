using System.Diagnostics;
using PipeServer.Diagnostics;

namespace PipeServer.Tests.Diagnostics;

/// <summary>The queue and the one thread in front of a stream that may have no reader.</summary>
public sealed class LineWriterTests
{
    private static readonly CancellationToken Hurry = new(canceled: true);

    [Fact]
    public void Lines_arrive_whole_in_order_and_in_pieces_that_a_pipe_does_not_tear()
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        Assert.True(writer.Drain(TimeSpan.Zero)); // nothing was written, nothing is waited for
        for (var i = 0; i < 5000; i++)
        {
            writer.Write($"line {i}");
        }

        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal(Enumerable.Range(0, 5000).Select(static i => $"line {i}"), target.Lines);
        Assert.InRange(target.LongestWrite, 1, 4096);
        Assert.Equal((0, 0), (writer.LinesLost, writer.LinesPending));
    }

    [Fact]
    public async Task A_reader_that_stops_holds_up_nobody_and_is_told_what_it_has_missed()
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        target.Stop();
        var line = new string('x', 1000);
        const int Count = 10_000; // ten times what is kept
        writer.Write(line);
        await Eventually.TrueAsync(() => target.IsHeld, "the first line is in the hands of the thread");
        for (var i = 1; i < Count; i++)
        {
            writer.Write(line);
        }

        var (lost, pending) = (writer.LinesLost, writer.LinesPending);
        Assert.Equal(Count, lost + pending);
        Assert.InRange(pending, 100, 2 * LineWriter.MaxPendingBytes / 1000);
        Assert.False(writer.Drain(TimeSpan.FromMilliseconds(30)));

        target.GoOn();
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal($"warning: {lost} lines were lost here: nobody took them in time.", target.Lines[^1]);
        Assert.Equal(pending, target.Lines.Length - 1);
        writer.Write("further");
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal("further", target.Lines[^1]);
        Assert.Equal((lost, 0), (writer.LinesLost, writer.LinesPending));
    }

    // The thread stayed for the whole life of the process, for one line a day.
    [Fact]
    public async Task The_thread_ends_when_there_is_nothing_to_write_and_another_goes_on_where_it_was()
    {
        var target = new HeldTarget { Error = 28, TakenBeforeError = 2 };
        var writer = new LineWriter(target, "test");
        writer.Write("torn");
        Assert.True(writer.Drain(TestClient.Patience));
        var first = target.Writer!;
        await Eventually.TrueAsync(() => !first.IsAlive, "the thread has gone");
        Assert.True(writer.Drain(TimeSpan.Zero));
        target.Error = 0;
        writer.Write("whole");
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.NotSame(first, target.Writer);
        Assert.Equal(["to", "warning: 1 line was lost here: nobody took them in time.", "whole"], target.Lines);
        Assert.Equal((1, 0), (writer.LinesLost, writer.LinesPending));
    }

    [Fact]
    public void In_a_hurry_a_reader_that_reads_is_waited_for_and_one_that_does_not_is_not()
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        for (var i = 0; i < 1000; i++)
        {
            writer.Write("a line");
        }

        Assert.True(writer.Drain(TestClient.Patience, Hurry));
        target.Stop();
        writer.Write("another");
        var started = Stopwatch.GetTimestamp();
        Assert.False(writer.Drain(TimeSpan.FromMinutes(10), Hurry));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TestClient.Patience);
        target.GoOn();
    }

    [Fact]
    public void Lines_that_cannot_be_written_are_counted_and_told_once_they_can()
    {
        const int NoSpace = 28;
        var target = new HeldTarget { Error = NoSpace, TakenBeforeError = 3 };
        var writer = new LineWriter(target, "test");
        writer.Write("first");
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal(1, writer.LinesLost);
        target.Error = 0;
        writer.Write("second");
        Assert.True(writer.Drain(TestClient.Patience));
        // The torn line is ended before anything else is written.
        Assert.Equal("fir\nwarning: 1 line was lost here: nobody took them in time.\nsecond\n", target.Text);
        Assert.Equal(1, writer.LinesLost);
    }

    // A text of a client or of an exception could end a line and begin one that looks like ours, or move the terminal's cursor.
    [Theory]
    [InlineData("plain, ünïcödé 漢字 🙂", "plain, ünïcödé 漢字 🙂")]
    [InlineData("a\nerror: forged", "a\\nerror: forged")]
    [InlineData("a\r\nb\tc\u0000", "a\\r\\nb\\tc\\u0000")]
    [InlineData("\u001b[2J\u007f\u009b", "\\u001b[2J\\u007f\\u009b")]
    [InlineData("a\u2028b\u2029c\u0085", "a\\u2028b\\u2029c\\u0085")]
    [InlineData("\u202eabc\u2066\u200f\u061c", "\\u202eabc\\u2066\\u200f\\u061c")]
    [InlineData("", "")]
    public void A_line_is_one_line_whatever_is_in_it(string text, string expected)
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        writer.Write(text);
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal(expected + "\n", target.Text);
    }

    [Fact]
    public void Half_a_character_is_replaced()
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        writer.Write("half " + "🙂"[0]);
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal("half \ufffd\n", target.Text);
    }

    [Fact]
    public void A_line_that_is_too_long_is_cut_and_says_so()
    {
        var target = new HeldTarget();
        var writer = new LineWriter(target, "test");
        writer.Write(new string('\n', EscapedLine.MaxCharacters + 7));
        writer.Write("next");
        Assert.True(writer.Drain(TestClient.Patience));
        Assert.Equal(2, target.Lines.Length);
        Assert.StartsWith("\\n\\n", target.Lines[0]);
        Assert.EndsWith("\\n … (7 more characters)", target.Lines[0]);
        Assert.Equal("next", target.Lines[1]);
    }
}
