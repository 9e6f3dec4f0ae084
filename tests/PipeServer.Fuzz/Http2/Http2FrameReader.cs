using System.Net.Sockets;

namespace PipeServer.Fuzz.Http2;

/// <summary>Takes frames from a stream, with patience that ends.</summary>
internal sealed class Http2FrameReader(Stream stream)
{
    private readonly byte[] _header = new byte[Http2Frame.HeaderBytes];

    /// <summary>How long a read may wait for bytes.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The other side has ended the connection, by whatever means.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>It has reset it.</summary>
    public bool IsReset { get; private set; }

    /// <summary>It ended within a frame.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>The next frame, or null at the end. Throws <see cref="TimeoutException"/> when nothing comes.</summary>
    /// <param name="maxFrameBytes">A longer one throws <see cref="InvalidDataException"/>.</param>
    public async Task<Http2Frame?> ReadAsync(int maxFrameBytes)
    {
        if (!await FillAsync(_header, isStart: true))
        {
            return null;
        }

        var length = (_header[0] << 16) | (_header[1] << 8) | _header[2];
        if (length > maxFrameBytes)
        {
            throw new InvalidDataException($"A frame of type {_header[3]} with {length} bytes, where {maxFrameBytes} are allowed.");
        }

        var payload = new byte[length];
        if (!await FillAsync(payload, isStart: false))
        {
            return null;
        }

        var id = (_header[5] << 24) | (_header[6] << 16) | (_header[7] << 8) | _header[8];
        return new Http2Frame(_header[3], _header[4], id, payload);
    }

    private async Task<bool> FillAsync(byte[] buffer, bool isStart)
    {
        for (var at = 0; at < buffer.Length;)
        {
            var count = await ReadSomeAsync(buffer.AsMemory(at));
            if (count == 0)
            {
                HasEnded = true;
                IsTruncated = at > 0 || !isStart;
                return false;
            }

            at += count;
        }

        return true;
    }

    private async Task<int> ReadSomeAsync(Memory<byte> buffer)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await stream.ReadAsync(buffer, patience.Token);
        }
        catch (Exception exception) when (patience.IsCancellationRequested && exception is OperationCanceledException or IOException { InnerException: OperationCanceledException })
        {
            throw new TimeoutException($"Nothing came for {Patience.TotalSeconds} s.", exception);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            IsReset = true;
            return 0;
        }
    }
}
