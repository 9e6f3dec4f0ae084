using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>The tags of TLS handshakes, made once for each set of them.</summary>
internal static class HandshakeTags
{
    private static readonly KeyValuePair<string, object?>[][] All =
    [
        .. Enum.GetValues<HandshakeOutcome>().SelectMany(static outcome => (TlsVersion?[])[null, TlsVersion.Tls12, TlsVersion.Tls13], Create),
    ];

    /// <summary>The tags.</summary>
    public static KeyValuePair<string, object?>[] Of(HandshakeOutcome outcome, TlsVersion? version) =>
        All[(3 * (int)outcome) + (version is { } known ? 1 + (int)known : 0)];

    private static KeyValuePair<string, object?>[] Create(HandshakeOutcome outcome, TlsVersion? version)
    {
        var name = new KeyValuePair<string, object?>("pipeserver.tls.outcome", outcome switch
        {
            HandshakeOutcome.Completed => "completed",
            HandshakeOutcome.TimedOut => "timed_out",
            HandshakeOutcome.Refused => "refused",
            _ => "failed",
        });
        return version is null
            ? [name]
            : [name, new("tls.protocol.name", "tls"), new("tls.protocol.version", version == TlsVersion.Tls13 ? "1.3" : "1.2")];
    }
}
