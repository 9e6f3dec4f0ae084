namespace PipeServer.Tls;

/// <summary>
/// Which cipher suites HTTP/2 may be spoken with: not with those of RFC 9113's Appendix A, which are all suites of TLS 1.2 but those with ephemeral keys
/// and authenticated encryption (RFC 9113 §9.2.2).
/// </summary>
internal static class Http2CipherSuite
{
    /// <summary>True when HTTP/2 may be chosen with it.</summary>
    /// <param name="suite">IANA's name of a suite.</param>
    public static bool IsGoodEnough(string suite) =>
        !suite.Contains("_WITH_", StringComparison.Ordinal) // those of TLS 1.3 name no key exchange
        || ((suite.StartsWith("TLS_ECDHE_", StringComparison.Ordinal) || suite.StartsWith("TLS_DHE_", StringComparison.Ordinal))
            && (suite.Contains("_GCM_", StringComparison.Ordinal)
                || suite.Contains("_CCM", StringComparison.Ordinal)
                || suite.Contains("_CHACHA20_POLY1305_", StringComparison.Ordinal)));
}
