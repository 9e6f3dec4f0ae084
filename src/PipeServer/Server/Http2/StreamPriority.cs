namespace PipeServer.Server.Http2;

/// <summary>How a response is to be sent beside others (RFC 9218 §4).</summary>
/// <param name="Urgency">0, the most urgent, to 7.</param>
/// <param name="IsIncremental">What comes of it is of use before it is whole: it takes turns with others of its urgency.</param>
internal readonly record struct StreamPriority(byte Urgency, bool IsIncremental)
{
    /// <summary>
    /// Of a request that says nothing. RFC 9218 §4.2 would have those sent one after the other; a client that knows nothing of priorities expects its
    /// downloads to share the connection (§10 leaves that to the server), so they take turns.
    /// </summary>
    public static readonly StreamPriority Unsaid = new(3, IsIncremental: true);

    /// <summary>
    /// Reads a Priority field's value: a dictionary (RFC 8941 §3.2) of which <c>u</c> and <c>i</c> count. What cannot be read is passed over.
    /// </summary>
    public static StreamPriority Parse(ReadOnlySpan<byte> value)
    {
        var (urgency, isIncremental) = ((byte)3, false);
        while (!value.IsEmpty)
        {
            var comma = value.IndexOf((byte)',');
            var member = (comma < 0 ? value : value[..comma]).Trim(" \t"u8);
            value = comma < 0 ? default : value[(comma + 1)..];
            if (member.IndexOf((byte)';') is >= 0 and var end)
            {
                member = member[..end].TrimEnd(" \t"u8);
            }

            if (member is [(byte)'u', (byte)'=', >= (byte)'0' and <= (byte)'7'])
            {
                urgency = (byte)(member[2] - (byte)'0');
            }
            else if (member is [(byte)'i'] or [(byte)'i', (byte)'=', (byte)'?', (byte)'1'])
            {
                isIncremental = true;
            }
            else if (member is [(byte)'i', (byte)'=', (byte)'?', (byte)'0'])
            {
                isIncremental = false;
            }
        }

        return new StreamPriority(urgency, isIncremental);
    }
}
