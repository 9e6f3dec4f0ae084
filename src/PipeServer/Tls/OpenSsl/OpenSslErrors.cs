using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>What OpenSSL says has gone wrong on this thread.</summary>
internal static unsafe class OpenSslErrors // SAFETY: the words are OpenSSL's constants.
{
    /// <summary>The reason of the first error, in OpenSSL's words, which hold nothing of a client's; null where there is none. Empties the list.</summary>
    public static string? TakeReason()
    {
        var error = Ssl.ERR_get_error();
        var reason = error == 0 ? null : Marshal.PtrToStringUTF8((nint)Ssl.ERR_reason_error_string(error));
        Ssl.ClearErrors();
        return reason;
    }
}
