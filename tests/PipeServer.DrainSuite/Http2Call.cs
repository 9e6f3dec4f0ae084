using System.Text;

namespace PipeServer.DrainSuite;

/// <summary>One stream of an <see cref="Http2Peer"/>: a request, and what becomes of it.</summary>
internal sealed class Http2Call(int id, string? expectedBody)
{
    private readonly TaskCompletionSource<RequestFate> _fate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _body = new();
    private bool _isOk;

    /// <summary>The stream.</summary>
    public int Id => id;

    /// <summary>Completes with what has become of it.</summary>
    public Task<RequestFate> Fate => _fate.Task;

    /// <summary>Completes with the first bytes of a body, or with the end.</summary>
    public Task Begun => _begun.Task;

    /// <summary>What the server still takes of the request's body.</summary>
    public long Window { get; set; }

    /// <summary>A head of a response, or trailers.</summary>
    /// <param name="isOk">The status is 200.</param>
    public void AddHead(bool isOk) => _isOk |= isOk;

    /// <summary>A piece of the body.</summary>
    public void AddBody(ReadOnlySpan<byte> bytes)
    {
        _body.Append(Encoding.Latin1.GetString(bytes));
        _begun.TrySetResult();
    }

    /// <summary>The server has said all.</summary>
    public void End() => End(_isOk && (expectedBody is null || _body.ToString() == expectedBody) ? RequestFate.Answered : RequestFate.Lost);

    /// <summary>Nothing more is to come.</summary>
    public void End(RequestFate fate)
    {
        _fate.TrySetResult(fate);
        _begun.TrySetResult();
    }
}
