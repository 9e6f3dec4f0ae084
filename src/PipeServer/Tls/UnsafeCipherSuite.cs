namespace PipeServer.Tls;

/// <summary>
/// Cipher suites that neither engine offers, whatever the system's policy of security levels allows: told apart by their names, so that the refusal says why.
/// </summary>
internal static class UnsafeCipherSuite
{
    private static readonly (string Part, string Problem)[] Parts =
    [
        ("NULL", "does not encrypt, or does not show who the server is"),
        ("ADH", "does not show who the server is"),
        ("AECDH", "does not show who the server is"),
        ("ANON", "does not show who the server is"),
        ("EXP", "encrypts with a key that anybody can find"),
        ("EXPORT", "encrypts with a key that anybody can find"),
        ("EXPORT40", "encrypts with a key that anybody can find"),
        ("EXPORT56", "encrypts with a key that anybody can find"),
        ("RC2", "encrypts by RC2, which is broken"),
        ("RC4", "encrypts by RC4, which is broken (RFC 7465)"),
        ("DES", "encrypts by DES, whose blocks are too short (RFC 8429)"),
        ("3DES", "encrypts by DES, whose blocks are too short (RFC 8429)"),
        ("IDEA", "encrypts by IDEA, whose blocks are too short (RFC 5469)"),
        ("MD5", "is checked by MD5, which is broken"),
    ];

    /// <summary>Refuses a suite that is not safe.</summary>
    /// <param name="name">Its name in either spelling, or a word of OpenSSL's for several.</param>
    /// <exception cref="ArgumentException">It is one.</exception>
    public static void ThrowIfOne(string name)
    {
        foreach (var word in name.Split('-', '_', '+'))
        {
            foreach (var (part, problem) in Parts)
            {
                if (word.Equals(part, StringComparison.OrdinalIgnoreCase) || IsGroup(word, part))
                {
                    throw new ArgumentException(
                        $"{nameof(TlsOptions)}.{nameof(TlsOptions.CipherSuites)} has '{name}', which {problem}. It is not offered. Name suites with "
                        + "authenticated encryption, as ECDHE-ECDSA-AES256-GCM-SHA384, or leave the option out for Mozilla's intermediate profile.");
                }
            }
        }
    }

    // OpenSSL's words for all of them: aNULL, eNULL.
    private static bool IsGroup(string word, string part) =>
        word is ['a' or 'e' or 'A' or 'E', ..] && word.AsSpan(1).Equals(part, StringComparison.OrdinalIgnoreCase);
}
