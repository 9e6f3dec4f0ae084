using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// What OpenSSL asks within a handshake. The connection is the one that makes a step of its handshake on this thread: nothing of it has to be known
/// to OpenSSL, or to be taken back from it. Never throws.
/// </summary>
// SAFETY: called by OpenSSL, with memory that is valid for the call and as long as each argument's documentation says.
internal static unsafe class OpenSslCallbacks
{
    private const int TicketNone = 0;
    private const int TicketUsed = 1;
    private const int TicketUsedRenew = 2;
    private const int TicketFailed = -1;

    private const int ProtocolFound = 0;
    private const int ProtocolMissing = 2;

    // Fetched once: each look-up by name takes longer than a ticket.
    private static readonly nint TicketCipher = Ssl.EVP_CIPHER_fetch(0, "AES-256-CBC", 0);

    [ThreadStatic]
    private static OpenSslConnection? _current;

    /// <summary>The connection that makes a step of its handshake on this thread.</summary>
    public static OpenSslConnection? Current
    {
        set => _current = value;
    }

    /// <summary>The client's first message is here. SSL_client_hello_cb_fn.</summary>
    [UnmanagedCallersOnly]
    public static int SelectCertificate(nint ssl, int* alert, nint argument)
    {
        const int IsFound = 1;
        const int IsRefused = 0;
        *alert = Ssl.AlertInternalError;
        var connection = _current;
        try
        {
            byte* extension;
            nuint length;
            var name = (string?)null;
            if (Ssl.SSL_client_hello_get0_ext(ssl, ServerNameExtension.Type, &extension, &length) == 1)
            {
                if (!ServerNameExtension.TryParse(new ReadOnlySpan<byte>(extension, (int)length), out name))
                {
                    *alert = Ssl.AlertDecodeError;
                    return IsRefused;
                }

                if (name is null)
                {
                    *alert = Ssl.AlertUnrecognizedName;
                    return IsRefused;
                }
            }

            if (connection is null)
            {
                return IsRefused;
            }

            if (!connection.TrySelectCertificate(ssl, name, out var isKnown))
            {
                *alert = isKnown ? Ssl.AlertInternalError : Ssl.AlertUnrecognizedName;
                return IsRefused;
            }

            return IsFound;
        }
#pragma warning disable CA1031 // An exception must not get into OpenSSL. The handshake throws it on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            connection!.Fault = exception;
            return IsRefused;
        }
    }

    /// <summary>The client offers protocols. SSL_CTX_alpn_select_cb_func.</summary>
    [UnmanagedCallersOnly]
    public static int SelectProtocol(nint ssl, byte** selected, byte* selectedLength, byte* offered, uint length, nint argument)
    {
        if (_current is not { } connection)
        {
            return ProtocolMissing;
        }

        try
        {
            foreach (var protocol in connection.Engine.Protocols)
            {
                // OpenSSL has seen to it that each length is within the list.
                for (var at = 0u; at < length; at += 1u + offered[at])
                {
                    if (new ReadOnlySpan<byte>(offered + at + 1, offered[at]).SequenceEqual(protocol.Bytes) && IsAllowed(protocol, ssl))
                    {
                        *selected = offered + at + 1;
                        *selectedLength = offered[at];
                        connection.ApplicationProtocol = protocol.Name;
                        return ProtocolFound;
                    }
                }
            }
        }
#pragma warning disable CA1031 // An exception must not get into OpenSSL. The handshake throws it on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            connection.Fault = exception;
        }

        return ProtocolMissing;
    }

    /// <summary>A ticket is to be made or read. The callback of SSL_CTX_set_tlsext_ticket_key_evp_cb.</summary>
    [UnmanagedCallersOnly]
    public static int UseTicketKey(nint ssl, byte* name, byte* iv, nint cipher, nint mac, int isNew)
    {
        const int BlockBytes = 16;
        _ = ssl;
        try
        {
            if (_current is not { } connection)
            {
                return TicketNone;
            }

            var keys = connection.Engine.TicketKeys;
            var named = new Span<byte>(name, TicketKey.NameLength);
            if (isNew == 1)
            {
                var current = keys.Current;
                current.Name.CopyTo(named);
                return Ssl.RAND_bytes(iv, BlockBytes) == 1 && TryUse(current, iv, cipher, mac, isNew: true) ? TicketUsed : TicketFailed;
            }

            if (keys.Find(named, out var isCurrent) is not { } key)
            {
                return TicketNone;
            }

            return !TryUse(key, iv, cipher, mac, isNew: false) ? TicketFailed : isCurrent ? TicketUsed : TicketUsedRenew;
        }
#pragma warning disable CA1031 // An exception must not get into OpenSSL. Without a ticket there is no resumption, and that is all.
        catch (Exception)
#pragma warning restore CA1031
        {
            return TicketNone;
        }
    }

    // The suite is chosen by now, in every version.
    private static bool IsAllowed(ApplicationProtocol protocol, nint ssl) =>
        protocol.Name != TlsConnectionInfo.Http2
        || (Ssl.SSL_get_pending_cipher(ssl) is not 0 and var suite && Http2CipherSuite.IsGoodEnough(OpenSslHandle.NameOf(suite)));

    private static bool TryUse(TicketKey key, byte* iv, nint cipher, nint mac, bool isNew)
    {
        fixed (byte* cipherKey = key.Cipher, macKey = key.Mac, keyName = "key\0"u8, digestName = "digest\0"u8, digest = "SHA256"u8)
        {
            var parameters = stackalloc OpenSslParameter[3];
            parameters[0] = new OpenSslParameter { Key = keyName, Type = OpenSslParameter.Octets, Data = macKey, Length = (nuint)key.Mac.Length };
            parameters[1] = new OpenSslParameter { Key = digestName, Type = OpenSslParameter.Text, Data = digest, Length = 6 };
            parameters[2] = default;
            return Ssl.EVP_MAC_CTX_set_params(mac, parameters) == 1
                && (isNew
                    ? Ssl.EVP_EncryptInit_ex(cipher, TicketCipher, 0, cipherKey, iv)
                    : Ssl.EVP_DecryptInit_ex(cipher, TicketCipher, 0, cipherKey, iv)) == 1;
        }
    }
}
