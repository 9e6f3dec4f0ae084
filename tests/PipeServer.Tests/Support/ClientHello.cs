using System.Net.Security;

namespace PipeServer.Tests.Support;

/// <summary>The first record of a TLS client.</summary>
internal static class ClientHello
{
    /// <summary>The record of a client that asks for this name.</summary>
    public static async Task<byte[]> RecordAsync(string name)
    {
        using var stream = new MemoryStream();
        await using var ssl = new SslStream(new WriteOnlyStream(stream));
        try
        {
            await ssl.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name });
        }
        catch (IOException)
        {
            // Nobody has answered.
        }

        return stream.ToArray();
    }

    // A read finds the end at once.
    private sealed class WriteOnlyStream(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
