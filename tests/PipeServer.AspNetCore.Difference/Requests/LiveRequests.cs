using Difference.Runner;

namespace Difference.Requests;

/// <summary>Events, and handshakes of WebSockets that are refused.</summary>
internal static class LiveRequests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    public static IEnumerable<DifferenceRequest> All =>
    [
        RequestTable.Get("live", "/events"),
        RequestTable.Get("live", "/events-of-text"),
        RequestTable.Get("live", "/socket"),
        RequestTable.Get("live", "/is-socket"),
        Handshake("good", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key)),
        Handshake("in other letters", ("connection", "keep-alive, UPGRADE"), ("upgrade", "WebSocket"), ("sec-websocket-version", "13"),
            ("sec-websocket-key", Key)),
        Handshake("with a protocol", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key),
            ("Sec-WebSocket-Protocol", "other, echo")),
        Handshake("of a wrong version", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "7"), ("Sec-WebSocket-Key", Key)),
        Handshake("without a key", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")),
        Handshake("with a short key", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "abc")),
        Handshake("without Connection", ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key)),
        Handshake("to something else", ("Connection", "Upgrade"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")),
        Handshake("by POST", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key))
            with { Method = "POST" },
        Handshake("not accepted", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key))
            with { Target = "/alive" },
        Handshake("looked at", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", Key))
            with { Target = "/is-socket" },
        new("live SignalR without negotiation", "GET", "/talk"),
        new DifferenceRequest("live SignalR negotiation", "POST", "/talk/negotiate?negotiateVersion=1") { Body = [] },
        new("live SignalR negotiation by GET", "GET", "/talk/negotiate"),
        RequestTable.Get("live SignalR of no connection", "/talk?id=none"),
        new DifferenceRequest("live gRPC over HTTP/1.1", "POST", "/sums.Sums/Add").With(("Content-Type", "application/grpc"))
            with { Body = new byte[5], OverHttp2 = false },
        new DifferenceRequest("live gRPC raw", "POST", "/sums.Sums/Add").With(("Content-Type", "application/grpc"), ("TE", "trailers"))
            with { Body = new byte[5] },
        new DifferenceRequest("live gRPC of no method", "POST", "/sums.Sums/None").With(("Content-Type", "application/grpc"), ("TE", "trailers"))
            with { Body = new byte[5] },
    ];

    private static DifferenceRequest Handshake(string what, params (string Name, string Value)[] headers) =>
        RequestTable.Get("live handshake", "/socket").With(headers) with { Name = $"live handshake {what}", OverHttp2 = false };
}
