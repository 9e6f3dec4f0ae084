using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>What a server may make of all that a client has sent.</summary>
/// <param name="IsHttp2">It begins with the preface; else nobody can know anything but that it ends.</param>
/// <param name="IsTruncated">It ends within a frame, or within a header block.</param>
/// <param name="IsLeft">The client has said that it goes: a server may end the connection, without a word, as soon as nothing is in progress.</param>
/// <param name="MustEndWith">The codes of the connection error that there is for certain; null: there is none.</param>
/// <param name="MayEndWith">The codes of connection errors that a server may see in it, or not.</param>
/// <param name="MaxStreamId">The highest stream that the client has opened, rightly or not.</param>
/// <param name="Streams">By number.</param>
/// <param name="Frames">The frames as far as they are whole, each with where it ends.</param>
internal sealed record Http2Expectation(
    bool IsHttp2,
    bool IsTruncated,
    bool IsLeft,
    IReadOnlyCollection<int>? MustEndWith,
    IReadOnlyCollection<int> MayEndWith,
    int MaxStreamId,
    IReadOnlyDictionary<int, StreamExpectation> Streams,
    IReadOnlyList<(Http2Frame Frame, int End)> Frames)
{
    /// <summary>A server may end the connection before it has answered all.</summary>
    public bool MayEnd => MustEndWith is not null || MayEndWith.Count > 0;

    /// <summary>The same for a server that has other routes: whatever it answers, but when and how.</summary>
    public Http2Expectation OfStranger()
    {
        foreach (var stream in Streams.Values)
        {
            (stream.MayBeRefused, stream.Body, stream.IsHead) = (true, null, false);
            stream.ResetCodes.Add(Code.NoError);
        }

        return this;
    }

    /// <summary>Null, or what was not to come. For a connection that has ended.</summary>
    /// <param name="conversation">All that came.</param>
    /// <param name="isReset">The connection was cut, so that something of what the server has sent may be missing.</param>
    /// <param name="endedByClient">The client had ended its side before anything else ended the connection.</param>
    public string? Check(Http2Conversation conversation, bool isReset, bool endedByClient)
    {
        var goAway = conversation.GoAway;
        var code = goAway?.GoAwayCode;
        var isError = code is not null and not Code.NoError;
        var mayHaveEnded = IsLeft || (MayEnd && (isError || isReset || (code == Code.NoError && MayEndWith.Contains(Code.NoError))));
        if (MustEndWith is not null && goAway is null && !isReset && !IsLeft)
        {
            return $"the connection ended without GOAWAY, expected is one of {string.Join(", ", MustEndWith)}";
        }

        if (isError && !(MustEndWith?.Contains(code!.Value) ?? false) && !MayEndWith.Contains(code!.Value))
        {
            return $"{goAway}, expected is {(MustEndWith is null ? "none" : string.Join(", ", MustEndWith))}, or perhaps {string.Join(", ", MayEndWith)}";
        }

        if (MustEndWith is not null && code == Code.NoError && !IsLeft && !MayEndWith.Contains(Code.NoError))
        {
            return $"{goAway}, expected is {string.Join(", ", MustEndWith)}";
        }

        if (goAway is null && !isReset && !endedByClient && !IsLeft && !MayEndWith.Contains(Code.NoError))
        {
            return "the server ended the connection without a word";
        }

        if (goAway is not null && goAway.Number > MaxStreamId && goAway.Number != int.MaxValue)
        {
            return $"{goAway}, but no stream beyond {MaxStreamId} was opened";
        }

        foreach (var (id, response) in conversation.Responses)
        {
            var problem = goAway is not null && id > goAway.Number && response.Fields is not null
                ? "it is answered beyond GOAWAY's last stream" : Check(Streams.GetValueOrDefault(id), response, mayHaveEnded);
            if (problem is not null)
            {
                return $"{response}: {problem}";
            }
        }

        return Streams.FirstOrDefault(stream => (stream.Value.MustBeAnswered || stream.Value.MustBeRefused) && !mayHaveEnded && !conversation.Responses.ContainsKey(stream.Key)) is { Value: not null } missing
            ? $"stream {missing.Key} is neither answered nor refused"
            : null;
    }

    private static string? Check(StreamExpectation? expected, Http2Response response, bool mayHaveEnded)
    {
        if (response.Status is 500)
        {
            return "the server has failed";
        }

        if (expected is null)
        {
            return response.Fields is null && response.ResetCode is null ? null : "no such stream was rightly opened";
        }

        if (response.ResetCode is { } reset && !expected.ResetCodes.Contains(reset))
        {
            return $"reset, expected is {string.Join(", ", expected.ResetCodes)}";
        }

        if (response.Status is >= 200 and < 300)
        {
            var wanted = expected.IsHead ? [] : expected.Body;
            return !expected.MayBeGood ? "it is answered as if it were right"
                : wanted is not null && (response.IsComplete ? !response.Body.AsSpan().SequenceEqual(wanted) : !wanted.AsSpan().StartsWith(response.Body)) ? "its body is not the request's"
                : expected.MustBeAnswered && !response.IsComplete && !mayHaveEnded ? "it has no end"
                : null;
        }

        return response.Status >= 300 && !expected.MayBeRefused ? "it is refused"
            : expected.MustBeAnswered && !mayHaveEnded && response.Status == 0 ? "it is not answered"
            : expected.MustBeRefused && !mayHaveEnded && response.Status == 0 && response.ResetCode is null ? "it is not refused"
            : null;
    }
}
