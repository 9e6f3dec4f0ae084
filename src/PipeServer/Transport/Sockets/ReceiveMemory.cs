using System.Buffers;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// The blocks of an input. The package asks for one byte at least and receives as much as there is room for: a client that has
/// filled a block gets a large one next, so that an upload takes few system calls.
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
