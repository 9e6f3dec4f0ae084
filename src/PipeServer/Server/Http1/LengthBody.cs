using System.Buffers;
using System.IO.Pipelines;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// A body with Content-Length (RFC 9112 §6.2): slices of the connection's input, nothing copied. Of one that had arrived in one piece with its head
/// they are slices of that piece, which its request keeps in the input: then the input is not asked at all.
/// </summary>
internal sealed class LengthBody(Http1Exchange exchange) : FramedBody
{
    private long _contentLength;
    private long _remaining; // bytes of the body that are not consumed
    private long _received;
    private ReadOnlySequence<byte> _current; // what the last read returned
    private bool _isReading; // between a result and its AdvanceTo
    private bool _isRestInCurrent; // the last read returned all that remains
    private bool _isMoreBehindCurrent; // and saw something behind it
    private byte[]? _piece; // where all of the body lies, if it has arrived with its head
    private int _at; // its first byte there that is not consumed

    public override bool IsFullyRead => _remaining == 0;

    public override bool IsAtHand => _remaining == 0 || _piece is not null;

    private ReadOnlySequence<byte> Rest => new(_piece!, _at, (int)_remaining);

    public override long ReceivedBytes => _received;

    public override bool IsTooLongToDrain => _remaining > MaxDrainBytes;

    public override void Start(long contentLength)
    {
        _contentLength = _remaining = contentLength;
        _received = 0;
        _current = default;
        _isReading = _isRestInCurrent = _isMoreBehindCurrent = false;
    }

    /// <summary>Starts a body that lies in one piece in the connection's input, and stays there for as long as its request is in progress.</summary>
    public void StartArrived(byte[] array, int start, int length)
    {
        Start(length);
        _received = length;
        (_piece, _at) = (array, start);
    }

    /// <summary>The request has ended, and the piece with it.</summary>
    public void EndArrived()
    {
        _isReading = false;
        _piece = null;
    }

    public override bool TryReadBuffered(bool isCanceled, out ReadResult result)
    {
        if (_remaining > 0 && _piece is not null)
        {
            if (_isReading)
            {
                throw new InvalidOperationException("A read is in progress: call AdvanceTo before the next.");
            }

            _isReading = true;
            result = new ReadResult(Rest, isCanceled, isCompleted: true);
            return true;
        }

        result = new ReadResult(default, isCanceled, isCompleted: true);
        return _remaining == 0;
    }

    public override bool TryTake(in ReadResult input, bool isCanceled, out ReadResult result)
    {
        var buffer = input.Buffer;
        _isRestInCurrent = buffer.Length >= _remaining;
        _isMoreBehindCurrent = buffer.Length > _remaining;
        if (_isRestInCurrent)
        {
            buffer = buffer.Slice(0, _remaining);
        }
        else if (input.IsCompleted)
        {
            exchange.Connection.Input.AdvanceTo(input.Buffer.Start);
            throw new BadHttpRequestException(RequestError.UnexpectedEnd);
        }

        if (input.IsCanceled && !isCanceled && buffer.IsEmpty)
        {
            // Woken by the server, not by the handler: wait on.
            exchange.Connection.Input.AdvanceTo(input.Buffer.Start);
            result = default;
            return false;
        }

        _received = Math.Max(_received, _contentLength - _remaining + buffer.Length);
        _current = buffer;
        _isReading = true;
        result = new ReadResult(buffer, isCanceled, _isRestInCurrent);
        return true;
    }

    public override bool HasArrived(in ReadOnlySequence<byte> buffer) => buffer.Length >= _remaining;

    // Only the whole rest is certain to be new: what the handler has left unconsumed comes again.
    public override bool HasNews(in ReadOnlySequence<byte> buffer) => buffer.Length >= _remaining;

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReading)
        {
            return; // the empty result behind the body's end
        }

        if (_piece is not null)
        {
            if (consumed.GetObject() != _piece)
            {
                throw new ArgumentOutOfRangeException(nameof(consumed), "The position is not one of the last result's buffer.");
            }

            var taken = (int)Rest.Slice(0, consumed).Length;
            _isReading = false;
            _remaining -= taken;
            _at += taken;
            return;
        }

        _isReading = false;
        _remaining -= _current.Slice(0, consumed).Length;
        _current = default;

        // When all that is left of the body is here, no further byte may be waited for: the next read returns at once.
        exchange.Connection.Input.AdvanceTo(consumed, _isRestInCurrent ? consumed : examined);
    }

    public override void Release()
    {
        if (_piece is not null)
        {
            _isReading = false;
            return;
        }

        if (_isReading)
        {
            _isReading = false;
            exchange.Connection.Input.AdvanceTo(_current.Start);
        }

        _current = default;
    }

    public override bool TryDiscard(in ReadResult input)
    {
        var length = Math.Min(input.Buffer.Length, _remaining);
        _remaining -= length;
        exchange.Connection.Input.AdvanceTo(input.Buffer.GetPosition(length));
        return true;
    }

    public override bool IsMoreBehind(PipeReader input)
    {
        if (_isReading)
        {
            return _isMoreBehindCurrent;
        }

        if (!input.TryRead(out var read))
        {
            return false;
        }

        var isMoreBehind = read.Buffer.Length > _remaining;
        PutBack(input, read);
        return isMoreBehind;
    }
}
