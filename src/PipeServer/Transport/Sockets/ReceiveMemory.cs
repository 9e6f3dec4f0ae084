using System.Buffers;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// The memory of an input. The package asks for at least one byte and receives as much as the block holds. After a client has
/// filled a block, the next one is large, so that an upload takes few system calls.
/// </summary>
internal sealed class ReceiveMemory(ArrayPool<byte> arrays) : PipeMemory(arrays)
{
    private const int LargeBytes = 64 * 1024;

    private int _length;
    private long _receivedBefore;

    protected override int ChooseLength(int minimum)
    {
        var received = Pumps?.BytesRead ?? 0;
        var isFilled = _length > 0 && received - _receivedBefore >= _length;
        (_receivedBefore, _length) = (received, isFilled ? LargeBytes : minimum);
        return _length;
    }
}
