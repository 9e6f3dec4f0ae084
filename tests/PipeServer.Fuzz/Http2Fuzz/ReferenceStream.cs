using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>A stream as <see cref="Http2Reference"/> knows it.</summary>
internal sealed class ReferenceStream
{
    /// <summary>The fields of its head; null until they are known, or where they came too late to count.</summary>
    public IReadOnlyList<Field>? Fields { get; set; }

    /// <summary>What is to be thought of head, trailers and lengths together.</summary>
    public HeadVerdict Verdict { get; set; } = HeadVerdict.Right;

    /// <summary>What has come of the body.</summary>
    public List<byte> Body { get; } = [];

    /// <summary>What DATA frames have taken of its window, padding too.</summary>
    public long Received { get; set; }

    /// <summary>What WINDOW_UPDATE has added for its answer.</summary>
    public long Added { get; set; }

    /// <summary>The client has ended its side.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Its head did not end it: there was a time when an answer could come before the request was whole.</summary>
    public bool HasBody { get; set; }

    /// <summary>The client has reset it.</summary>
    public bool IsReset { get; set; }

    /// <summary>Codes that it may be reset with, for what the client has done to it.</summary>
    public HashSet<int> MayReset { get; } = [];

    /// <summary>It has to be reset or refused when its head is whole: there is an error that nobody can overlook.</summary>
    public bool MustFail { get; set; }

    private string? Pseudo(string name) => Fields?.FirstOrDefault(field => field.Name == name).Value;

    /// <summary>What may become of it, as far as it alone decides.</summary>
    public StreamExpectation ToExpectation()
    {
        var (method, path) = (Pseudo(":method"), Pseudo(":path"));
        var isWrong = MustFail || Verdict == HeadVerdict.Malformed;
        var isRight = !isWrong && Verdict == HeadVerdict.Right && Fields is not null;

        // Whoever need not read the body answers by the head alone, whatever follows it.
        var isEarly = Fields is not null && HeadJudge.Judge(Fields) != HeadVerdict.Malformed && (method is "GET" or "HEAD" || (path is not null && Http2FuzzServer.LeavesBody(path)));
        var expected = new StreamExpectation
        {
            IsHead = method == "HEAD",
            MustBeAnswered = isRight && HasEnded && !IsReset && MayReset.Count == 0,
            MustBeRefused = isWrong && Fields is not null && !IsReset && !isEarly, // not before: a block has to be decoded whole (RFC 9113 §4.3)
            MayBeGood = Fields is not null && !(isWrong && !isEarly),
            MayBeRefused = !isRight || !HasEnded || MayReset.Count > 0,
            Body = Fields is not null && HeadJudge.Judge(Fields) == HeadVerdict.Right && (HasEnded || method != "POST" || isEarly) ? Http2FuzzServer.BodyOf(method!, path!, [.. Body]) : null,
        };
        expected.ResetCodes.UnionWith(MayReset);
        if (!isRight)
        {
            expected.ResetCodes.UnionWith([Code.ProtocolError, Code.NoError]);
        }

        if (isEarly && HasBody)
        {
            expected.ResetCodes.Add(Code.NoError); // the rest of the body is not wanted (RFC 9113 §8.1)
        }

        if (Verdict == HeadVerdict.Doubtful)
        {
            expected.ResetCodes.UnionWith([Code.EnhanceYourCalm, Code.RefusedStream, Code.Cancel]);
        }

        if (!HasEnded)
        {
            expected.ResetCodes.UnionWith([Code.NoError, Code.Cancel, Code.ProtocolError, Code.InternalError]); // the client ends its side, and the body never comes
        }

        return expected;
    }
}
