using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using PipeServer.Http;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>A stream that its handler has taken over.</summary>
public sealed class Http2TunnelTests
{
    private readonly BodyHost _host = new() { MaxBodyBytes = 3, MinBodyDataRate = 240 };
    private readonly Pipe _response = new();
    private readonly Http2Tunnel _tunnel;

    public Http2TunnelTests() => _tunnel = new Http2Tunnel(_host.Body, _response.Writer);

    [Fact]
    public async Task What_comes_is_read_without_limit_and_time_out()
    {
        var reading = _tunnel.Input.ReadAsync().AsTask();
        Assert.Equal((long.MaxValue, RequestError.None), (_host.Body.DueAt, _host.Body.CheckTime(1_000_000_000)));
        _host.Receive("more than three");
        var read = await reading;
        Assert.Equal("more than three", Encoding.ASCII.GetString(read.Buffer.ToArray()));
        _tunnel.Input.AdvanceTo(read.Buffer.GetPosition(4), read.Buffer.End);
        Assert.Equal(15, _tunnel.BytesRead);
        _host.Receive("!", endsStream: true);
        read = await _tunnel.Input.ReadAsync();
        Assert.Equal((12L, true), (read.Buffer.Length, read.IsCompleted));
        Assert.Equal(16, _tunnel.BytesRead);
    }

    [Fact]
    public async Task What_is_written_goes_to_the_response()
    {
        _tunnel.Output.Write("ab"u8);
        Assert.Equal(2, _tunnel.Output.UnflushedBytes);
        await _tunnel.Output.FlushAsync();
        await _tunnel.Output.WriteAsync("cd"u8.ToArray());
        Assert.Equal(4, _tunnel.BytesWritten);
        await _tunnel.Output.CompleteAsync();
        Assert.Throws<InvalidOperationException>(() => _tunnel.Output.GetSpan(1));
        Assert.True((await _tunnel.Output.FlushAsync()).IsCompleted);
        var sent = await _response.Reader.ReadAtLeastAsync(5);
        Assert.Equal(("abcd", true), (Encoding.ASCII.GetString(sent.Buffer.ToArray()), sent.IsCompleted));

        // The client's side goes on.
        _host.Receive("e");
        Assert.True(_tunnel.Input.TryRead(out var read) && read.Buffer.Length == 1);
    }

    [Fact]
    public async Task It_ends_with_its_handler()
    {
        _host.Receive("abc");
        Assert.True(_tunnel.Input.TryRead(out _));
        _tunnel.End();
        _host.Body.Detach();
        _host.Body.Start(hasBody: true, -1, expectsContinue: false);
        _host.Receive("of another client");
        Assert.Throws<InvalidOperationException>(() => _tunnel.Input.TryRead(out _));
        Assert.Throws<InvalidOperationException>(() => _tunnel.Input.AdvanceTo(default));
        Assert.Throws<InvalidOperationException>(() => { _ = _tunnel.Input.ReadAsync().AsTask(); });
        Assert.Throws<InvalidOperationException>(() => _tunnel.Output.GetMemory());
        Assert.True((await _tunnel.Output.WriteAsync("x"u8.ToArray())).IsCompleted);
        _tunnel.Input.CancelPendingRead();
        await _tunnel.Input.CompleteAsync();
        await _tunnel.Output.CompleteAsync();
        _tunnel.Output.CancelPendingFlush();
        Assert.Equal((0L, 3L), (_tunnel.Output.UnflushedBytes, _tunnel.BytesRead));
        Assert.False(_response.Reader.TryRead(out _));
        _host.MaxBodyBytes = 100;
        var read = await _host.Body.ReadAsync();
        Assert.Equal((17L, false), (read.Buffer.Length, read.IsCanceled));
    }

    [Fact]
    public async Task A_client_that_resets_it_ends_the_read()
    {
        var reading = _tunnel.Input.ReadAsync().AsTask();
        _host.Body.Abort(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task A_read_that_goes_on_when_the_handler_ends_is_told()
    {
        var reading = _tunnel.Input.ReadAsync().AsTask();
        _tunnel.End();
        _host.Body.Detach();
        await Assert.ThrowsAsync<IOException>(() => reading);
    }
}
