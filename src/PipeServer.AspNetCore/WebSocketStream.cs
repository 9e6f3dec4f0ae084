using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>
/// The connection of a WebSocket over HTTP/1.1 (RFC 6455), whose frames are the application's. In a stop it sends the close frame, 1001, for an application
/// that has not, at the end of the message that it is sending; what the application sends behind that goes nowhere (§5.5.1). The client's close frame
/// reaches the application as any other, which then ends.
/// </summary>
internal sealed class WebSocketStream : DuplexPipeStream
{
    private const int LongestHeader = 14;
    private const int CloseOpcode = 8; // control frames have it and those above

    // FIN and the opcode, the length, 1001.
    private static readonly byte[] GoingAway = [0x80 | CloseOpcode, 2, 0x03, 0xE9];

    private readonly Lock _lock = new();
    private readonly byte[] _header = new byte[LongestHeader];
    private readonly CancellationTokenRegistration _draining;
    private int _headerCount; // of the frame whose header is not complete yet
    private ulong _payloadLeft;
    private bool _isInMessage;
    private bool _isWriting;
    private bool _isStopDue;
    private bool _isClosed; // by whomever
    private bool _isClosedByStop;

    public WebSocketStream(IDuplexPipe pipe, IHttpBodyControlFeature control, HttpRequest request, HttpResponse response)
        : base(pipe, control)
    {
        _draining = request.Draining.UnsafeRegister(static stream => _ = ((WebSocketStream)stream!).StopAsync(), this);
        response.OnCompleted(static stream => ((WebSocketStream)stream!).ForgetAsync(), this);
    }

    private bool IsBetweenMessages => _headerCount == 0 && _payloadLeft == 0 && !_isInMessage;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_isClosedByStop)
            {
                return;
            }

            _isWriting = true;
            Follow(buffer.Span);
        }

        await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (MayCloseBehindWrite())
        {
            await base.WriteAsync(GoingAway, cancellationToken).ConfigureAwait(false);
        }
    }

    // The token lives as long as the server.
    private ValueTask ForgetAsync() => _draining.DisposeAsync();

    private bool MayCloseBehindWrite()
    {
        lock (_lock)
        {
            _isWriting = false;
            return TryClose();
        }
    }

    private async Task StopAsync()
    {
        lock (_lock)
        {
            _isStopDue = true;
            if (!TryClose())
            {
                return;
            }
        }

        try
        {
            await base.WriteAsync(GoingAway).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The connection has ended, and with it who was to be told; there is nobody to throw to.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The stop goes on.
        }
    }

    // True for the one that is to send the close frame.
    private bool TryClose()
    {
        if (!_isStopDue || _isClosed || _isWriting || !IsBetweenMessages)
        {
            return false;
        }

        return _isClosed = _isClosedByStop = true;
    }

    // Where frames begin and end (§5.2). They are the application's, well formed or not.
    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_headerCount == 0 && _payloadLeft > 0)
            {
                var count = (int)Math.Min(_payloadLeft, (ulong)bytes.Length);
                _payloadLeft -= (ulong)count;
                bytes = bytes[count..];
                continue;
            }

            _header[_headerCount++] = bytes[0];
            bytes = bytes[1..];
            if (_headerCount >= 2 && _headerCount == HeaderLength(_header[1]))
            {
                EndHeader();
            }
        }
    }

    private void EndHeader()
    {
        var opcode = _header[0] & 0x0F;
        _payloadLeft = (_header[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            127 => BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)),
            var length => (ulong)length,
        };
        _headerCount = 0;
        _isClosed |= opcode == CloseOpcode;
        _isInMessage = opcode < CloseOpcode ? (_header[0] & 0x80) == 0 : _isInMessage;
    }

    private static int HeaderLength(byte second) => 2 + ((second & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 }) + ((second & 0x80) == 0 ? 0 : 4);
}
