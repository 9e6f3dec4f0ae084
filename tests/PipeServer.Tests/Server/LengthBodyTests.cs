using System.Buffers;
using System.Text;
using PipeServer.Http;
using PipeServer.Server.Http1;

namespace PipeServer.Tests.Server;

/// <summary>A body that lies in one piece behind its head: it has no connection here, so that any look at one's input would fail.</summary>
public sealed class LengthBodyTests
{
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes("head0123456789behind");

    private readonly LengthBody _body = new(exchange: null!);

    public LengthBodyTests() => _body.StartArrived(Bytes, 4, 10);

    [Fact]
    public void It_is_read_from_where_it_lies_and_never_beyond_its_end()
    {
        Assert.Equal((10L, true, false, false), (_body.ReceivedBytes, _body.IsAtHand, _body.IsFullyRead, _body.IsTooLongToDrain));
        var buffer = Read("0123456789");
        _body.AdvanceTo(buffer.GetPosition(4), buffer.End);
        buffer = Read("456789");
        _body.AdvanceTo(buffer.Start, buffer.GetPosition(2));
        buffer = Read("456789");
        _body.AdvanceTo(buffer.End, buffer.End);
        Assert.True(_body.IsFullyRead);
        buffer = Read("");
        _body.AdvanceTo(buffer.End, buffer.End);
        Read("");
    }

    [Fact]
    public void A_position_in_something_else_is_refused()
    {
        Read("0123456789");
        var elsewhere = new ReadOnlySequence<byte>(new byte[20]).GetPosition(6);
        Assert.Throws<ArgumentOutOfRangeException>(() => _body.AdvanceTo(elsewhere, elsewhere));
        var beyond = new ReadOnlySequence<byte>(Bytes).End;
        Assert.Throws<ArgumentOutOfRangeException>(() => _body.AdvanceTo(beyond, beyond));
        var before = new ReadOnlySequence<byte>(Bytes).Start;
        Assert.Throws<ArgumentOutOfRangeException>(() => _body.AdvanceTo(before, before));
    }

    [Fact]
    public void A_read_is_ended_before_the_next_or_given_back()
    {
        Read("0123456789");
        Assert.Throws<InvalidOperationException>(() => _body.TryReadBuffered(isCanceled: false, out _));
        _body.Release();
        Read("0123456789");
    }

    [Fact]
    public void The_next_one_may_come_from_the_input()
    {
        _body.EndArrived();
        _body.Start(3);
        Assert.False(_body.IsAtHand);
        Assert.False(_body.TryReadBuffered(isCanceled: false, out _));
        Assert.Equal(RequestError.None, _body.DiscardArrived(input: null!));
    }

    private ReadOnlySequence<byte> Read(string expected)
    {
        Assert.True(_body.TryReadBuffered(isCanceled: false, out var result));
        Assert.Equal((expected, true, false), (Encoding.ASCII.GetString(result.Buffer), result.IsCompleted, result.IsCanceled));
        return result.Buffer;
    }
}
