using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// The BIO of all connections, one for both directions: it reads and writes where the connection's <see cref="OpenSslIo"/> says, so that records
/// are not copied on their way between OpenSSL and the transport's memory.
/// </summary>
internal static unsafe class OpenSslBio // SAFETY: called by OpenSSL within a call for the connection, with memory of its own; see OpenSslIo.
{
    // A method that no connection uses any more is still the next one's.
    private static readonly nint Method = Ssl.NewBioMethod(&Read, &Write);

    /// <summary>A new one.</summary>
    /// <exception cref="IOException">OpenSSL has no memory for it.</exception>
    public static nint Create(OpenSslIo* io)
    {
        var bio = Ssl.BIO_new(Method);
        if (bio == 0)
        {
            throw new IOException("OpenSSL has no memory for a connection.");
        }

        Ssl.BIO_set_data(bio, io);

        // Once for all: whenever there is nothing to read, the answer is that there will be. What else can go wrong the io tells.
        Ssl.BIO_set_flags(bio, Ssl.BioFlagsRetryRead);
        return bio;
    }

    [UnmanagedCallersOnly]
    private static int Read(nint bio, byte* buffer, nuint count, nuint* read)
    {
        var io = (OpenSslIo*)Ssl.BIO_get_data(bio);
        var available = (nuint)(io->InEnd - io->In);
        if (available == 0)
        {
            *read = 0;
            return -1;
        }

        count = Math.Min(count, available);
        NativeMemory.Copy(io->In, buffer, count);
        io->In += count;
        *read = count;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static int Write(nint bio, byte* buffer, nuint count, nuint* written)
    {
        var isTaken = ((OpenSslIo*)Ssl.BIO_get_data(bio))->TryWrite(buffer, count);
        *written = isTaken ? count : 0;
        return isTaken ? 1 : -1;
    }
}
