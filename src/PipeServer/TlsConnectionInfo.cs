using System.Security.Cryptography.X509Certificates;
using System.Text;
using PipeServer.Tls;

namespace PipeServer;

/// <summary>What the handshake of a connection has agreed on. Immutable; valid as long as somebody has it.</summary>
public sealed class TlsConnectionInfo
{
    /// <summary>HTTP/2, as ALPN names it (RFC 9113 §3.2).</summary>
    internal const string Http2 = "h2";

    private byte[]? _clientSubject; // once it is asked for

    internal TlsConnectionInfo()
    {
    }

    /// <summary>The version.</summary>
    public required TlsVersion Version { get; init; }

    /// <summary>The cipher suite, by IANA's name: <c>TLS_AES_256_GCM_SHA384</c>.</summary>
    public required string CipherSuite { get; init; }

    /// <summary>The name that the client has asked for (SNI), in lower case; null where it has sent none.</summary>
    public string? ServerName { get; init; }

    /// <summary>The protocol that was agreed on by ALPN (RFC 7301), <c>h2</c>, <c>http/1.1</c> or <c>http/1.0</c>; null where the client offers none.</summary>
    public string? ApplicationProtocol { get; init; }

    /// <summary>The client's certificate, which leads to one of the authorities that are asked for; null where it has shown none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The session is one of an earlier connection.</summary>
    public bool IsResumed { get; init; }

    /// <summary>The subject of the client's certificate for logs, <c>CN=ann,O=Example</c> (RFC 4514) in UTF-8; empty where it has shown none.</summary>
    internal ReadOnlySpan<byte> ClientSubject => ClientCertificate is null
        ? default
        : _clientSubject ??= Encoding.UTF8.GetBytes(DistinguishedName.Write(ClientCertificate.SubjectName));
}
