namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// How long the records of a connection are. A client can use no byte of a record before it has all of it: the first ones of a long answer, while the network
/// still finds its pace, are short. A mutable struct: it must be a field.
/// </summary>
internal struct RecordLengths
{
    private const int Short = 4 * 1024;
    private const int ShortUntil = 16 * 1024;
    private const int QuietMilliseconds = 1000;

    private long _sent; // since the last quiet second
    private long _last;

    /// <summary>The length of the next record.</summary>
    /// <param name="left">How much is to be sent. The clock is asked only where it would make a long record.</param>
    public int Next(long left)
    {
        if (left <= Short)
        {
            return Short;
        }

        var now = Environment.TickCount64;
        if (now - _last >= QuietMilliseconds)
        {
            _sent = 0;
        }

        _last = now;
        return _sent < ShortUntil ? Short : RecordHeader.MaxDataBytes;
    }

    /// <summary>So much was sent.</summary>
    public void Count(int bytes) => _sent += bytes;
}
