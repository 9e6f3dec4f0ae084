using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace PipeServer.Cli.AccessLog;

/// <summary>What the formats of the access log have in common: where a value comes from. Allocates nothing.</summary>
internal static class AccessLogValues
{
    /// <summary>The longest name that is shown of what TLS has agreed on: of a host (RFC 1035), in ASCII.</summary>
    public const int MaxNameBytes = 255;

    // Longer ones are not shown: our own limit for credentials, see BasicAuthentication.
    private const int MaxCredentialBytes = 1024;

    // As nginx tells it: the client has closed the connection before its answer began. No registered code.
    private const int ClientLeft = 499;

    /// <summary>The client's address without its port; a dash on a unix socket, which has none.</summary>
    public static void AppendClient(ref AccessLineBuilder line, EndPoint? client)
    {
        if (client is not IPEndPoint { Address: var address })
        {
            line.AppendDash();
            return;
        }

        // A mapped address is of a socket for both families; it would be another client for whoever reads the log.
        Span<byte> bytes = stackalloc byte[16];
        if ((address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6) || !address.TryWriteBytes(bytes, out var length))
        {
            line.Append(address);
            return;
        }

        line.AppendIPv4(bytes[(length - 4)..length]);
    }

    /// <summary>The status; 499 for a client that has left before it was answered, as nginx writes it.</summary>
    public static int Status(in RequestCompletion completion) => completion.StatusCode == 0 ? ClientLeft : completion.StatusCode;

    /// <summary>What TLS has agreed on; null for a connection in plain text.</summary>
    public static TlsConnectionInfo? Tls(in RequestCompletion completion) => completion.Tls;

    /// <summary>The version of TLS, as OpenSSL and Apache call it.</summary>
    public static ReadOnlySpan<byte> Protocol(TlsConnectionInfo? tls) => tls?.Version switch
    {
        null => default,
        TlsVersion.Tls12 => "TLSv1.2"u8,
        _ => "TLSv1.3"u8,
    };

    /// <summary>The version of HTTP, as a request line of HTTP/1 has it and Apache writes it for HTTP/2; empty where no request was understood.</summary>
    public static ReadOnlySpan<byte> HttpVersion(HttpRequest? request) => request?.Version switch
    {
        null => default,
        { Major: 1, Minor: 0 } => "HTTP/1.0"u8,
        { Major: 1 } => "HTTP/1.1"u8,
        _ => "HTTP/2.0"u8,
    };

    /// <summary>Writes a name that TLS knows as bytes.</summary>
    /// <returns>Its length; 0 for none, and for one that is too long.</returns>
    public static int Read(string? name, Span<byte> bytes) => System.Text.Encoding.UTF8.TryGetBytes(name, bytes, out var length) ? length : 0;

    /// <summary>A header field of the request; empty where it has none.</summary>
    public static ReadOnlySpan<byte> Field(HttpRequest? request, ReadOnlySpan<byte> name) =>
        request is not null && request.Headers.TryGetBytes(name, out var value) ? value : default;

    /// <summary>The host that was asked for.</summary>
    public static ReadOnlySpan<byte> Host(HttpRequest? request) => request is null ? default : request.HostBytes;

    /// <summary>The user of Basic authentication (RFC 7617), whether the password was right or not; a dash where there is none.</summary>
    public static void AppendUser(ref AccessLineBuilder line, HttpRequest? request)
    {
        if (Field(request, "Authorization"u8).IsEmpty)
        {
            line.AppendDash(); // without the buffer, which would be cleared
            return;
        }

        AppendGivenUser(ref line, request);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AppendGivenUser(ref AccessLineBuilder line, HttpRequest? request)
    {
        Span<byte> user = stackalloc byte[MaxCredentialBytes];
        line.AppendEscaped(user[..ReadUser(request, user)], escapesSpaces: true);
    }

    /// <summary>Reads the user of Basic authentication.</summary>
    /// <param name="request">The request, or null.</param>
    /// <param name="user">Takes the name; at least <see cref="MaxCredentialBytes"/>.</param>
    /// <returns>The name's length.</returns>
    public static int ReadUser(HttpRequest? request, Span<byte> user)
    {
        var field = Field(request, "Authorization"u8);
        if (field.Length is <= 6 or > MaxCredentialBytes || !System.Text.Ascii.EqualsIgnoreCase(field[..6], "Basic "u8))
        {
            return 0;
        }

        return Base64.DecodeFromUtf8(field[6..].Trim((byte)' '), user, out _, out var written) == OperationStatus.Done
            && user[..written].IndexOf((byte)':') is > 0 and var colon
            ? colon
            : 0;
    }
}
