namespace PipeServer.Transport;

/// <summary>The part of Linux's <c>struct tcp_info</c> that tells how far a client has come (<c>tcpi_bytes_acked</c>, since Linux 4.1).</summary>
internal static class TcpInfo
{
    /// <summary>The socket option, at the level of TCP.</summary>
    public const int Option = 11;

    /// <summary>How much of the structure is to be asked for.</summary>
    public const int Bytes = BytesAcked + sizeof(long);

    private const int BytesAcked = 120;

    /// <summary>What the client has acknowledged; the system counts the end of the stream as a byte.</summary>
    public static long AcknowledgedBytes(ReadOnlySpan<byte> info) => BitConverter.ToInt64(info[BytesAcked..]);
}
