using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using PipeServer.Http;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The body of a stream's request, between an owner and a handler that both are this test.</summary>
public sealed class Http2RequestBodyTests
{
    private readonly BodyHost _host = new();

    private Http2RequestBody Body => _host.Body;

    [Fact]
    public async Task A_request_without_a_body_is_read_at_once()
    {
        Body.Start(hasBody: false, contentLength: -1, expectsContinue: false);
        Assert.True(Body.IsFullyRead);
        Assert.False(Body.IsTouched);
        var read = Body.ReadAsync();
        Assert.True(read.IsCompleted);
        var result = await read;
        Assert.True(result is { IsCompleted: true, IsCanceled: false, Buffer.IsEmpty: true });
        Body.AdvanceTo(result.Buffer.End);
        Assert.True(Body.TryRead(out result) && result.IsCompleted);
        Assert.True(Body.IsTouched);
        Assert.Equal(0, _host.Signals);
    }

    // A small body that has come with its head costs no change of threads.
    [Fact]
    public async Task A_body_that_has_come_is_read_without_a_wait()
    {
        Assert.Equal(DataVerdict.Taken, _host.Receive("hello", endsStream: true));
        Assert.True(Body.IsComplete);
        var read = Body.ReadAsync();
        Assert.True(read.IsCompleted);
        var result = await read;
        Assert.True(result.IsCompleted);
        Assert.Equal("hello", Text(result));
        Assert.False(Body.IsFullyRead);
        Body.AdvanceTo(result.Buffer.End);
        Assert.True(Body.IsFullyRead);
        Assert.Equal((5L, 5L, 0), (Body.ReceivedBytes, Body.ReturnedBytes, _host.Unread));
    }

    [Fact]
    public async Task It_comes_in_frames_of_any_length()
    {
        const string Whole = "0123456789abcdef";
        for (var splits = 0; splits < 1 << (Whole.Length - 1); splits += 7)
        {
            Body.Start(hasBody: true, contentLength: splits % 2 == 0 ? Whole.Length : -1, expectsContinue: false);
            var reading = ReadToEndAsync(Body);
            var start = 0;
            for (var at = 1; at < Whole.Length; at++)
            {
                if ((splits & (1 << (at - 1))) != 0)
                {
                    Assert.Equal(DataVerdict.Taken, _host.Receive(Whole[start..at]));
                    start = at;
                }
            }

            Assert.Equal(DataVerdict.Taken, _host.Receive(Whole[start..], endsStream: true));
            Assert.Equal(Whole, await reading);
            Assert.Equal((true, 0), (Body.IsFullyRead, _host.Unread));
        }
    }

    [Fact]
    public async Task An_empty_frame_wakes_nobody_and_one_that_ends_the_stream_does()
    {
        var read = Body.ReadAsync().AsTask();
        Assert.Equal(DataVerdict.Taken, _host.Receive(""));
        Assert.True(Body.IsWaiting);
        Assert.Equal(DataVerdict.Taken, _host.Receive("", endsStream: true));
        Assert.False(Body.IsWaiting);
        Assert.True((await read) is { IsCompleted: true, Buffer.IsEmpty: true });
    }

    [Theory]
    [InlineData(3, "abcd", false, false)]
    [InlineData(3, "ab", true, false)]
    [InlineData(3, "abc", true, true)]
    [InlineData(3, "abc", false, true)]
    [InlineData(0, "a", false, false)]
    [InlineData(0, "", true, true)]
    [InlineData(-1, "abcd", true, true)]
    public void It_has_the_length_that_was_told(long length, string data, bool endsStream, bool isTaken)
    {
        Body.Start(hasBody: true, length, expectsContinue: false);
        Assert.Equal(isTaken ? DataVerdict.Taken : DataVerdict.WrongLength, _host.Receive(data, endsStream));
        Body.Abort(new IOException("reset"));
        Assert.Equal(0, _host.Unread); // whatever has come of it
    }

    [Fact]
    public void Trailers_end_it_only_at_the_length_that_was_told()
    {
        Body.Start(hasBody: true, 3, expectsContinue: false);
        _host.Receive("ab");
        Assert.False(Body.EndWithTrailers());
        _host.Receive("c");
        Assert.True(Body.EndWithTrailers());
        Assert.True(Body.IsComplete);
    }

    [Fact]
    public async Task Trailers_are_seen_once_the_body_is_read()
    {
        var seen = Body.Trailers;
        _host.Receive("ab");
        Body.TrailersToFill.Append("x-sum"u8, "17"u8);
        Body.TrailersToFill.Append("content-length"u8, "4"u8); // means nothing here
        var read = await Body.ReadAsync();
        Body.AdvanceTo(read.Buffer.End);
        Assert.Equal((0, false), (seen.Count, Body.IsFullyRead));
        var last = Body.ReadAsync().AsTask();
        Assert.True(Body.EndWithTrailers());
        Assert.True((await last).IsCompleted);
        Assert.Equal((1, true), (seen.Count, Body.IsFullyRead));
        Assert.Equal("17", Encoding.ASCII.GetString(seen.Value(0)));
        Body.Detach();

        Body.Start(hasBody: true, -1, expectsContinue: false);
        _host.Receive("", endsStream: true);
        await ReadToEndAsync(Body);
        Assert.Equal((0, 0), (seen.Count, Body.TrailersToFill.Count));
    }

    [Fact]
    public void Trailers_behind_nothing_are_seen_without_a_read()
    {
        Body.TrailersToFill.Append("x-sum"u8, "17"u8);
        Assert.True(Body.EndWithTrailers());
        Assert.True(Body.IsFullyRead);
        Assert.Equal(1, Body.Trailers.Count);
    }

    [Fact]
    public async Task The_client_is_told_that_it_may_send_more_when_half_the_window_was_read()
    {
        const int Half = FlowControl.StreamWindow / 2;
        var data = new byte[Half - 1];
        Assert.Equal(DataVerdict.Taken, _host.Receive(data, data.Length));
        Body.AdvanceTo((await Body.ReadAsync()).Buffer.End);
        Assert.Equal((0, 0, false), (_host.Signals, Body.TakeWindowUpdate(), Body.IsWindowUpdateDue));
        Assert.Equal(DataVerdict.Taken, _host.Receive("a"));
        Body.AdvanceTo((await Body.ReadAsync()).Buffer.End);
        Assert.Equal((1, true), (_host.Signals, Body.IsWindowUpdateDue));
        Assert.Equal((Half, 0), (Body.TakeWindowUpdate(), Body.TakeWindowUpdate()));
    }

    [Fact]
    public void No_frame_exceeds_the_window_by_a_byte()
    {
        var data = new byte[FlowControl.StreamWindow - 10];
        Assert.Equal(DataVerdict.Taken, _host.Receive(data, data.Length));
        Assert.Equal(DataVerdict.WindowExceeded, _host.Receive(new byte[11], 11));
        Assert.Equal(DataVerdict.Taken, _host.Receive(new byte[2], 10)); // padding counts
        Assert.Equal(DataVerdict.WindowExceeded, _host.Receive("a"));
        Assert.Equal(DataVerdict.Taken, _host.Receive("", endsStream: true));
        Assert.Equal(FlowControl.StreamWindow - 8, _host.Unread);
        Body.Detach();
        Assert.Equal(0, _host.Unread);
    }

    [Fact]
    public async Task Padding_is_given_back_at_once()
    {
        for (var i = 0; i < 3 * FlowControl.StreamWindow / 256; i++)
        {
            Assert.Equal(DataVerdict.Taken, _host.Receive([], 256));
            Assert.Equal(0, _host.Unread);
            Body.TakeWindowUpdate();
            _host.Window.TakeUpdate();
        }

        _host.Receive("a", endsStream: true);
        Assert.Equal("a", await ReadToEndAsync(Body));
    }

    // A handler that gathers all before it takes any would wait for ever for what its client may not send: what was examined counts, as with Kestrel.
    [Fact]
    public async Task What_was_examined_counts_as_read()
    {
        var data = new byte[16384];
        var sent = 0;
        ReadResult read;
        while (true)
        {
            while (sent < 4 * FlowControl.StreamWindow && _host.Receive(data, data.Length) == DataVerdict.Taken)
            {
                sent += data.Length;
                Assert.True(sent <= 4 * FlowControl.StreamWindow, "more than the client may send");
                Body.TakeWindowUpdate();
                _host.Window.TakeUpdate();
                if (sent % FlowControl.StreamWindow == 0)
                {
                    break;
                }
            }

            read = await Body.ReadAsync();
            Assert.Equal(sent, read.Buffer.Length);
            if (sent == 4 * FlowControl.StreamWindow)
            {
                break;
            }

            Body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            Assert.True(Body.IsWindowUpdateDue);
            Assert.Equal(FlowControl.StreamWindow, Body.TakeWindowUpdate());
        }

        Body.AdvanceTo(read.Buffer.End);
        Assert.Equal(0, _host.Unread);
    }

    [Fact]
    public async Task No_update_is_sent_once_the_body_has_ended()
    {
        var data = new byte[FlowControl.StreamWindow];
        _host.Receive(data, data.Length);
        Body.AdvanceTo((await Body.ReadAsync()).Buffer.End);
        Assert.True(Body.IsWindowUpdateDue);
        _host.Receive([], 0, endsStream: true);
        Assert.Equal(0, Body.TakeWindowUpdate());
    }

    // Many clients read no answer before they have sent all: a megabyte of what nobody reads is taken.
    [Fact]
    public void What_nobody_reads_is_taken_up_to_a_bound()
    {
        var data = new byte[16384];
        _host.Receive(data, data.Length);
        Body.Detach();
        var (left, sent) = (FlowControl.StreamWindow - data.Length, data.Length);
        while (left >= data.Length)
        {
            Assert.Equal(DataVerdict.Taken, _host.Receive(data, data.Length));
            (left, sent) = (left - data.Length, sent + data.Length);
            left += Body.TakeWindowUpdate();
            _host.Window.TakeUpdate();
            Assert.Equal(0, _host.Unread);
        }

        Assert.True(Body.IsTooLongToDiscard);
        Assert.InRange(sent, 1024 * 1024, (1024 * 1024) + (2 * FlowControl.StreamWindow));
    }

    [Fact]
    public async Task What_comes_when_the_handler_has_ended_is_discarded()
    {
        _host.Receive("abc");
        Body.Detach();
        Assert.Equal(0, _host.Unread);
        Assert.Equal(DataVerdict.Taken, _host.Receive("def"));
        Assert.Equal(DataVerdict.Taken, _host.Receive("", endsStream: true));
        Assert.Equal((0, 6L, true), (_host.Unread, Body.ReceivedBytes, Body.IsComplete));
        Assert.False(Body.IsFullyRead);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Body.ReadAsync());
        Assert.Throws<InvalidOperationException>(() => Body.TryRead(out _));
        Body.AdvanceTo(default);
        Body.CancelPendingRead();
        Body.Complete();
    }

    [Fact]
    public async Task The_client_waits_for_100_Continue_until_the_handler_reads()
    {
        Body.Start(hasBody: true, -1, expectsContinue: true);
        Assert.False(Body.TryRead(out _)); // a look is no wish
        Assert.False(Body.IsContinueDue);
        var read = Body.ReadAsync().AsTask();
        Assert.Equal((true, 1), (Body.IsContinueDue, _host.Signals));
        Body.MarkContinueSent();
        Assert.False(Body.IsContinueDue);
        _host.Receive("a");
        Body.AdvanceTo((await read).Buffer.End);
        read = Body.ReadAsync().AsTask();
        Assert.Equal((false, 1), (Body.IsContinueDue, _host.Signals));
        _host.Receive("", endsStream: true);
        await read;
    }

    [Fact]
    public async Task A_client_that_has_not_waited_gets_no_100_Continue()
    {
        Body.Start(hasBody: true, -1, expectsContinue: true);
        _host.Receive("a");
        Body.AdvanceTo((await Body.ReadAsync()).Buffer.End);
        _ = Body.ReadAsync().AsTask();
        Assert.Equal((false, 0), (Body.IsContinueDue, _host.Signals));
        Body.Abort(new IOException("reset"));
    }

    [Fact]
    public async Task More_than_the_limit_is_413()
    {
        _host.MaxBodyBytes = 3;
        _host.Receive("abc");
        var read = await Body.ReadAsync();
        Body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        _host.MaxBodyBytes = 100; // only before the first read
        _host.Receive("d");
        var bad = await Assert.ThrowsAsync<BadHttpRequestException>(async () => await Body.ReadAsync());
        Assert.Equal((RequestError.BodyTooLarge, 413), (bad.Error, bad.StatusCode));
        Assert.Throws<BadHttpRequestException>(() => Body.TryRead(out _));
    }

    [Fact]
    public async Task A_length_beyond_the_limit_is_413_before_anything_has_come()
    {
        Body.Start(hasBody: true, contentLength: 4, expectsContinue: true);
        _host.MaxBodyBytes = 3;
        var bad = await Assert.ThrowsAsync<BadHttpRequestException>(async () => await Body.ReadAsync());
        Assert.Equal(RequestError.BodyTooLarge, bad.Error);
        Assert.False(Body.IsContinueDue);
    }

    internal static async Task<string> ReadToEndAsync(PipeReader body)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await body.ReadAsync();
            text.Append(Text(read));
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return text.ToString();
            }
        }
    }

    private static string Text(in ReadResult read) => Encoding.Latin1.GetString(read.Buffer.ToArray());
}
