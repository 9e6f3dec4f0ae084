namespace PipeServer.Server;

/// <summary>How many TLS handshakes have ended in one way.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Version">What they have agreed on; null where that is not known.</param>
/// <param name="Count">So many.</param>
internal readonly record struct HandshakeCount(HandshakeOutcome Outcome, TlsVersion? Version, long Count);
