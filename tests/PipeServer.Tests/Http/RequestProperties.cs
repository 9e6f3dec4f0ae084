using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>Properties of every request, by random ones that FsCheck makes and, when one fails, makes smaller.</summary>
public sealed class RequestProperties
{
    private const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly RequestLimits Limits = new(8 * 1024, 32 * 1024, 100);

    private static readonly Gen<string> Token = Text(TokenCharacters, 1, 20);

    private static readonly Gen<string> Value =
        from inner in Text("\t !\"#:;,=()\u0080\u00A0\u00FFaZ09", 0, 30)
        select inner.Trim(' ', '\t');

    private static readonly Gen<string> Target =
        from segments in Gen.ListOf(Text("-_~!$&'()*+,;=:@aZ09", 1, 8))
        from query in Gen.Elements("", "?", "?a=b", "?a/b?c")
        select "/" + string.Join('/', segments.Take(6)) + query;

    private static readonly Gen<ValidRequest> Requests =
        from method in Gen.Elements("GET", "POST", "PUT", "FROB")
        from target in Target
        from fields in Gen.ListOf(Gen.Zip(Token, Value))
        from body in Text("\r\n\0 aZ\u00FF", 0, 40)
        from isChunked in Gen.Elements(true, false)
        select new ValidRequest(method, target, [.. fields.Take(8).Select(static field => ("X-" + field.Item1, field.Item2))], body, isChunked);

    // Whatever is sent comes out again, wherever the bytes are cut in two.
    [Fact]
    public void A_valid_request_round_trips_whatever_the_split() =>
        Prop.ForAll(Arb.From(Requests), Arb.From(Gen.Choose(0, 10_000)), static (request, cut) =>
        {
            var bytes = Encoding.Latin1.GetBytes(request.ToString());
            var head = new RequestHead();
            var split = cut % (bytes.Length + 1);
            var status = RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, split)), head, Limits);
            if (status == ParseStatus.NeedMoreData)
            {
                status = RequestParser.Parse(new ReadOnlySequence<byte>(bytes), head, Limits);
            }

            var names = request.Fields.Select(static field => field.Name + "=" + field.Value);
            var parsed = Enumerable.Range(2, Math.Max(0, head.Fields.Count - 2)).Select(index =>
                Encoding.Latin1.GetString(head.Fields.Name(index)) + "=" + Encoding.Latin1.GetString(head.Fields.Value(index)));
            return status == ParseStatus.Complete
                && Encoding.Latin1.GetString(head.MethodBytes) == request.Method
                && Encoding.Latin1.GetString(head.TargetBytes) == request.Target
                && names.SequenceEqual(parsed)
                && Body(head, bytes, split) == request.Body;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    // A change of a few bytes makes it another request or none: the naive parser decides which.
    [Fact]
    public void A_changed_request_is_read_as_the_reference_reads_it() =>
        Prop.ForAll(Arb.From(Requests), Arb.From(Gen.Choose(0, int.MaxValue)), static (request, seed) =>
        {
            var random = new Random(seed);
            var changed = new Mutator(random, [Encoding.Latin1.GetBytes(request.ToString())]).Next();
            return ParserCheck.Find(changed, random.Next(changed.Length + 1)) is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    private static string Body(RequestHead head, byte[] bytes, int split)
    {
        var body = bytes.AsSpan(head.ByteLength);
        if (!head.Framing.IsChunked)
        {
            return Encoding.Latin1.GetString(body[..(int)head.Framing.ContentLength]);
        }

        var decoder = new ChunkedDecoder();
        decoder.Reset();
        var text = new StringBuilder();
        var taken = 0;
        foreach (var end in new[] { Math.Max(0, split - head.ByteLength), body.Length })
        {
            while (decoder.Decode(body[taken..end], Limits, out var consumed, out var data) == ChunkedStatus.Data)
            {
                taken += consumed;
                text.Append(Encoding.Latin1.GetString(data));
            }

            taken = end;
        }

        return decoder.IsComplete ? text.ToString() : "not complete";
    }

    private static Gen<string> Text(string characters, int shortest, int longest) =>
        from length in Gen.Choose(shortest, longest)
        from text in Gen.ArrayOf(Gen.Elements(characters.ToCharArray()), length)
        select new string(text);

    internal sealed record ValidRequest(string Method, string Target, (string Name, string Value)[] Fields, string Body, bool IsChunked)
    {
        public override string ToString()
        {
            var framing = IsChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Body.Length}";
            var body = !IsChunked ? Body : string.Concat(Body.Chunk(7).Select(static chunk => $"{chunk.Length:x};a\r\n{new string(chunk)}\r\n")) + "0\r\n\r\n";
            return $"{Method} {Target} HTTP/1.1\r\nHost: a\r\n{framing}\r\n{string.Concat(Fields.Select(static field => $"{field.Name}: {field.Value} \r\n"))}\r\n{body}";
        }
    }
}
