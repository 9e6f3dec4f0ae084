namespace PipeServer.Tests.Support;

/// <summary>The body of a prepared response that is fetched each time; now and then it is not to be had, and half of it comes to nothing.</summary>
internal sealed class TestSource(byte[] body) : IBodySource
{
    private int _failed;

    /// <summary>How often it is not to be had before it is.</summary>
    public int Failures { get; set; }

    public int Length => body.Length;

    public bool TryRead(Span<byte> destination)
    {
        Assert.Equal(body.Length, destination.Length);
        if (_failed < Failures)
        {
            _failed++;
            destination[..(body.Length / 2)].Fill((byte)'!');
            return false;
        }

        body.CopyTo(destination);
        return true;
    }
}
