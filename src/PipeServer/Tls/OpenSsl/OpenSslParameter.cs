using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>OSSL_PARAM of openssl/core.h: one setting of an algorithm; an empty one ends a list of them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OpenSslParameter // SAFETY: holds addresses for the length of the call that it is made for.
{
    /// <summary>OSSL_PARAM_UTF8_STRING.</summary>
    public const uint Text = 4;

    /// <summary>OSSL_PARAM_OCTET_STRING.</summary>
    public const uint Octets = 5;

    public byte* Key;
    public uint Type;
    public byte* Data;
    public nuint Length;
    public nuint ReturnLength;
}
