using System.Buffers;
using System.Net;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Fuzz;

/// <summary>Holds the server's parser and decoder against <see cref="ReferenceParser"/>, for one input.</summary>
internal static class ParserCheck
{
    private const string Trusted = "10.0.0.0/8 ::/1";

    private static readonly RequestLimits Limits = new(8 * 1024, 32 * 1024, 100);

    private static readonly NetworkPrefix[] TrustedPrefixes = [.. Trusted.Split(' ').Select(static text => new NetworkPrefix(IPNetwork.Parse(text)))];

    // Each ends whatever line is open, in all the states that a line can be in: what the parser refuses early must be
    // refused with every one of them.
    private static readonly string[] HeadEndings =
        ["\r\n\r\n", "\n\r\n", " / HTTP/1.1\r\nHost: a\r\n\r\n", "/ HTTP/1.1\r\nHost: a\r\n\r\n", " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1\r\nHost: a\r\n\r\n", "1\r\nHost: a\r\n\r\n", ":\r\n\r\n", "\r\nHost: a\r\n\r\n", "\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"];

    private static readonly string[] BodyEndings =
        ["\r\n", "\n", "a\r\n", ";a\r\n", "=a\r\n", "\"\r\n", "a\"\r\n", "\r\n\r\n", "\n\r\n", ":\r\n\r\n", "0\r\n\r\n"];

    /// <summary>Null, or what the two do not agree about.</summary>
    public static string? Find(byte[] input, int split)
    {
        var text = Encoding.Latin1.GetString(input);
        var expected = ReferenceParser.Parse(text);
        var head = new RequestHead();
        var status = ParseStatus.NeedMoreData;

        // With room behind it, so that a head can be taken by the pass over ordinary ones, and something stale there.
        var memory = HeadCheck.Place(input, 0, OrdinaryHead.Slack, split).AsMemory(0, input.Length);
        if (split > 0 && split < input.Length)
        {
            status = RequestParser.Parse(new ReadOnlySequence<byte>(memory[..split]), head, Limits);
        }

        if (status == ParseStatus.NeedMoreData)
        {
            status = RequestParser.Parse(split % 2 == 0 ? new ReadOnlySequence<byte>(memory) : InTwo(memory, split), head, Limits);
        }

        var difference = (expected.Outcome, status) switch
        {
            (ReferenceOutcome.Complete, ParseStatus.Complete) => Compare(expected, head) ?? CompareForwarded(head.Fields),
            (ReferenceOutcome.Refused, ParseStatus.Invalid) => CheckRefusal(head.Error),
            (ReferenceOutcome.Incomplete, ParseStatus.NeedMoreData) => null,
            (ReferenceOutcome.Incomplete, ParseStatus.Invalid) => CheckRefusal(head.Error)
                ?? (HeadEndings.FirstOrDefault(ending => ReferenceParser.Parse(text + ending).Outcome == ReferenceOutcome.Complete) is { } ending
                    ? $"refused ({head.Error}), though it could still become a request with {Escape(ending)}"
                    : null),
            _ => $"the reference says {expected.Outcome}, the parser {status} {head.Error}",
        };
        return difference ?? (status == ParseStatus.Complete && expected.IsChunked ? FindInBody(text[expected.HeadLength..], expected, split) : null);
    }

    public static string Escape(string text) =>
        string.Concat(text.Select(static character => character switch
        {
            '\r' => "\\r",
            '\n' => "\\n",
            '\\' => "\\\\",
            < ' ' or > '~' => $"\\x{(int)character:X2}",
            _ => character.ToString(),
        }));

    private static string? Compare(ReferenceRequest expected, RequestHead head)
    {
        var meaning = Describe(head);
        return expected.HeadLength != head.ByteLength ? $"the head has {expected.HeadLength} bytes for the reference, {head.ByteLength} for the parser"
            : expected.Meaning != meaning ? $"the reference reads\n{Escape(expected.Meaning)}\nthe parser\n{Escape(meaning)}"
            : null;
    }

    // Forwarded has no second reader: it must not throw, and its answer is not looked at.
    private static string? CompareForwarded(HeaderFields fields)
    {
        var values = new List<string>();
        for (var index = fields.IndexOf("X-Forwarded-For"u8); index >= 0; index = fields.IndexOf("X-Forwarded-For"u8, index + 1))
        {
            values.Add(Encoding.Latin1.GetString(fields.Value(index)));
        }

        var expected = ReferenceForwardedFor.Find(string.Join(',', values), Trusted);
        var client = ForwardedFor.Find(fields, TrustedPrefixes);
        var actual = client.Address is { } address ? new IPEndPoint(address.ToIPAddress(), client.Port).ToString() : ReferenceForwardedFor.Peer;
        _ = Forwarded.Find(fields, TrustedPrefixes);
        return expected == actual ? null : $"the client is {expected} for the reference, {actual} for the parser";
    }

    private static string? CheckRefusal(RequestError error) =>
        RequestErrors.ClosesConnection(error) && RequestErrors.Status(error) is 400 or 414 or 431 or 501 or 505 ? null : $"refused as {error}";

    private static string Describe(RequestHead head)
    {
        var latin1 = Encoding.Latin1;
        var target = head.Target;
        var hasPath = target.Form is TargetForm.Origin or TargetForm.Absolute && target.PathError == RequestError.None;
        var query = target.Form is TargetForm.Origin or TargetForm.Absolute ? latin1.GetString(head.Query) : "";
        var status = head.NonFatalError == RequestError.None ? 0 : RequestErrors.Status(head.NonFatalError);
        var text = new StringBuilder(latin1.GetString(head.MethodBytes))
            .Append($" {target.Form} {(hasPath ? latin1.GetString(head.Path) : "")} {query} 1.{head.MinorVersion} ")
            .Append($"chunked={head.Framing.IsChunked} length={head.Framing.ContentLength} keep={head.KeepAlive} status={status}\n");
        for (var index = 0; index < head.Fields.Count; index++)
        {
            text.Append(index == 0 ? "" : "\n").Append(latin1.GetString(head.Fields.Name(index))).Append('=').Append(latin1.GetString(head.Fields.Value(index)));
        }

        return text.ToString();
    }

    private static string? FindInBody(string text, ReferenceRequest expected, int split)
    {
        var decoder = new ChunkedDecoder();
        decoder.Reset();
        var input = Encoding.Latin1.GetBytes(text);
        var body = new StringBuilder();
        var taken = 0;
        var status = ChunkedStatus.NeedMoreData;
        foreach (var end in new[] { Math.Min(split, input.Length), input.Length })
        {
            do
            {
                status = decoder.Decode(input.AsSpan(taken, end - taken), Limits, out var consumed, out var data);
                body.Append(Encoding.Latin1.GetString(data));
                taken += consumed;
            }
            while (status == ChunkedStatus.Data);
            if (status != ChunkedStatus.NeedMoreData)
            {
                break;
            }
        }

        switch (expected.BodyOutcome, status)
        {
            case (ReferenceOutcome.Complete, ChunkedStatus.Complete):
                var fields = decoder.Trailers.Fields;
                var trailers = string.Join('\n', Enumerable.Range(0, fields.Count).Select(index =>
                    Encoding.Latin1.GetString(fields.Name(index)) + "=" + Encoding.Latin1.GetString(fields.Value(index))));
                return expected.Length - expected.HeadLength != taken || expected.Body != body.ToString() || expected.Trailers != trailers
                    ? $"the body: {expected.Length - expected.HeadLength} bytes, {Escape(expected.Body)}, {Escape(expected.Trailers)} for the reference, {taken}, {Escape(body.ToString())}, {Escape(trailers)} for the decoder"
                    : null;
            case (ReferenceOutcome.Refused, ChunkedStatus.Invalid):
            case (ReferenceOutcome.Incomplete, ChunkedStatus.NeedMoreData):
                return null;
            case (ReferenceOutcome.Incomplete, ChunkedStatus.Invalid):
                return BodyEndings.FirstOrDefault(ending => ReferenceParser.Chunks(text + ending).Outcome != ReferenceOutcome.Refused) is { } ending
                    ? $"the body is refused ({decoder.Error}), though it could still become one with {Escape(ending)}"
                    : null;
            default:
                return $"the body: the reference says {expected.BodyOutcome}, the decoder {status} {decoder.Error}";
        }
    }

    private static ReadOnlySequence<byte> InTwo(ReadOnlyMemory<byte> bytes, int split)
    {
        split = Math.Min(split, bytes.Length);
        var first = new Segment(bytes[..split], 0, null);
        var second = new Segment(bytes[split..], split, first);
        return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - split);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index, Segment? previous)
        {
            Memory = memory;
            RunningIndex = index;
            previous?.Next = this;
        }
    }
}
