using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;
using PipeServer.Server;

namespace PipeServer.Tests;

/// <summary>What a response keeps between two requests.</summary>
public sealed class HttpResponseTests
{
    // Giving back what the fields had needed asked for the fields, and so put the Content-Type among them first: each request rented two arrays
    // and wrote a line, in order to forget it at once.
    [Fact]
    public void An_ordinary_content_type_needs_no_array_when_the_response_is_released()
    {
        const string Type = "text/x-of-released-responses";
        var response = new HttpResponse(new NoWriter());
        for (var miss = 0; miss < 10_000 && response.TypeLine is null; miss++)
        {
            response.Reset();
            response.ContentType = Type; // offered to the table of lines, where its place may be taken for a while
        }

        Assert.NotNull(response.TypeLine);
        response.Reset();
        response.Release();
        Assert.False(response.ListedFields.HasArrays);

        response.ContentType = Type;
        Assert.Equal(Type, response.TypeLine?.Value);
        response.Release();
        Assert.False(response.ListedFields.HasArrays);
        Assert.Null(response.TypeLine);
        Assert.Empty(response.Headers);

        // Somebody who looks finds it among the fields, and it goes with them.
        response.ContentType = Type;
        Assert.Equal(Type, Assert.Single(response.Headers).Value);
        Assert.True(response.ListedFields.HasArrays);
        response.Release();
        Assert.False(response.ListedFields.HasArrays);
        Assert.Empty(response.Headers);
    }

    // Takes nothing.
    private sealed class NoWriter : ResponseWriter
    {
        public override long BodyBytesSent => 0;

        public override bool HasBufferedBytes => false;

        public override bool CanUpgrade => false;

        public override Exchange Exchange => throw new NotSupportedException();

        public override bool SupportsTrailers => false;

        public override bool DropsTrailers => false;

        public override bool MayAnnounceTrailers => false;

        public override void LeaveOrdinaryWay() => throw new NotSupportedException();

        public override void Send(PreparedResponse prepared) => throw new NotSupportedException();

        public override bool TrySend(PreparedResponse prepared, IBodySource source) => throw new NotSupportedException();

        public override ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<IDuplexPipe> SwitchAsync(int statusCode) => throw new NotSupportedException();

        public override ValueTask<IDuplexPipe> UpgradeAsync() => throw new NotSupportedException();

        public override string? Finish() => null;

        protected override string? FinishEarly() => null;

        protected override ValueTask SendEndAsync(CancellationToken cancellationToken) => default;

        public override void Reset()
        {
        }

        public override void Advance(int bytes) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
