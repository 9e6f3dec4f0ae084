using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>Builds the tables of <see cref="Http2Cases"/>.</summary>
internal sealed class Http2CaseTable
{
    private readonly List<Http2Case> _all = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<Http2Case> All => _all;

    /// <summary>Where the next rules stand.</summary>
    public string Section { get; set; } = "";

    /// <summary>The fields of an ordinary request.</summary>
    public static IReadOnlyList<Field> Request { get; } = Fields("GET");

    /// <summary>The fields of an ordinary request by any method.</summary>
    public static IReadOnlyList<Field> Fields(string method, params IEnumerable<Field> more) =>
        [new(":method", method), new(":scheme", "http"), new(":path", "/index.html"), new(":authority", "localhost"), .. more];

    /// <summary>A request without a body.</summary>
    public static Http2Frame Get(int stream = 1, params IEnumerable<Field> more) => Http2Frame.Headers(stream, HpackBytes.Block(Fields("GET", more)));

    /// <summary>The head of a request whose body follows.</summary>
    public static Http2Frame Post(int stream = 1, params IEnumerable<Field> more) => Http2Frame.Headers(stream, HpackBytes.Block(Fields("POST", more)), end: false);

    /// <summary>A head of any fields, which ends the stream.</summary>
    public static Http2Frame Head(params IEnumerable<Field> fields) => Http2Frame.Headers(1, HpackBytes.Block(fields));

    /// <summary>A head of these bytes, which ends the stream.</summary>
    public static Http2Frame Block(int stream, params IEnumerable<byte[]> pieces) => Http2Frame.Headers(stream, [.. pieces.SelectMany(static piece => piece)]);

    /// <summary>A frame of any type, with so many zeros.</summary>
    public static Http2Frame Any(byte kind, int stream, int length, byte flags = 0) => new(kind, flags, stream, new byte[length]);

    public static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>The connection goes on.</summary>
    public Http2Case Open(string id, params CaseStep[] steps) => Add(id, OutcomeKind.Open, [], steps);

    /// <summary>The first stream is answered, and the connection goes on.</summary>
    public Http2Case Answers(string id, params CaseStep[] steps) => Answers(id, [1], steps);

    /// <summary>These streams are answered, and the connection goes on.</summary>
    public Http2Case Answers(string id, int[] streams, params CaseStep[] steps) => Replace(Open(id, steps) with { Answered = streams });

    /// <summary>An error of the connection.</summary>
    public Http2Case Fails(string id, int code, params CaseStep[] steps) => Add(id, OutcomeKind.ConnectionError, [code], steps);

    /// <summary>An error of the connection, with one of several codes.</summary>
    public Http2Case Fails(string id, int[] codes, params CaseStep[] steps) => Add(id, OutcomeKind.ConnectionError, codes, steps);

    /// <summary>An error of the first stream.</summary>
    public Http2Case Resets(string id, int code, params CaseStep[] steps) => Add(id, OutcomeKind.StreamError, [code], steps);

    /// <summary>The request of the first stream is malformed (RFC 9113 §8.1.1).</summary>
    public Http2Case Malformed(string id, params CaseStep[] steps) => Resets(id, Code.ProtocolError, steps);

    /// <summary>The request of the first stream is malformed, or answered by an error.</summary>
    public Http2Case Rejected(string id, params CaseStep[] steps) => Add(id, OutcomeKind.Rejected, [Code.ProtocolError], steps);

    /// <summary>An error of the first stream or of the connection.</summary>
    public Http2Case Errs(string id, int[] codes, params CaseStep[] steps) => Add(id, OutcomeKind.EitherError, codes, steps);

    /// <summary>An error of the first stream or of the connection, or nothing at all.</summary>
    public Http2Case Tolerates(string id, int[] codes, params CaseStep[] steps) => Add(id, OutcomeKind.ErrorOrOpen, codes, steps);

    public Http2Case Add(string id, OutcomeKind kind, int[] codes, params CaseStep[] steps)
    {
        var added = new Http2Case(id, Section, steps, kind, codes);
        _all.Add(added);
        return added;
    }

    /// <summary>Changes the case that was added last.</summary>
    public Http2Case Replace(Http2Case changed) => _all[^1] = changed;
}
