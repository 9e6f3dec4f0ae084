using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// What is called of OpenSSL 3, by its own names: libssl.so.3 and libcrypto.so.3 of the system. The only file that calls them.
/// </summary>
/// <remarks>
/// OpenSSL's list of errors is the thread's. Who judges a result by it clears it before the call (<see cref="ClearErrors"/>), and reads it behind
/// the call, on the same thread and under the same lock.
/// </remarks>
internal static unsafe partial class Ssl // SAFETY: each group says it.
{
    public const int ErrorSsl = 1;
    public const int ErrorWantRead = 2;
    public const int ErrorZeroReturn = 6;

    /// <summary>SSL_RECEIVED_SHUTDOWN: the client has sent close_notify, or a fatal alert.</summary>
    public const int ReceivedShutdown = 2;

    public const int Tls12 = 0x0303;
    public const int Tls13 = 0x0304;

    /// <summary>OSSL_HANDSHAKE_STATE: a server of TLS 1.3 has sent its flight, and waits for the client's.</summary>
    public const int StateEarlyData = 46;

    public const ulong OptionNoCompression = 1ul << 17;
    public const ulong OptionPrioritizeChaCha = 1ul << 21;
    public const ulong OptionServerPreference = 1ul << 22;
    public const ulong OptionNoRenegotiation = 1ul << 30;
    public const ulong OptionIgnoreUnexpectedEof = 1ul << 7;

    public const int ModePartialWrite = 0x1;
    public const int ModeMovingWriteBuffer = 0x2;
    public const int ModeAutoRetry = 0x4;
    public const int ModeNoAutoChain = 0x8;
    public const int ModeReleaseBuffers = 0x10;

    public const int CtrlMode = 33;
    public const int CtrlSessionCacheMode = 44;
    public const int CtrlClearMode = 78;
    public const int CtrlChainCertificate = 89;
    public const int CtrlGroupsList = 92;
    public const int CtrlDhAuto = 118;
    public const int CtrlMinVersion = 123;

    public const int VerifyPeer = 1;
    public const int VerifyFailIfNoPeerCertificate = 2;
    public const ulong StorePartialChain = 0x80000;

    public const int AlertDecodeError = 50;
    public const int AlertInternalError = 80;
    public const int AlertUnrecognizedName = 112;

    public const int BioFlagsRetryRead = 0x1 | 0x8;
    private const int BioTypeSourceSink = 0x0400;
    private const ulong InitNoAtExit = 0x00080000;

    private const string Lib = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";
    private const DllImportSearchPath Path = DllImportSearchPath.SafeDirectories;

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>True where the system has both libraries, in version 3. Looks for them once.</summary>
    public static bool IsLoaded => Loaded.Value;

    /// <summary>Empties this thread's list of errors: nothing that somebody else has left there may be taken for ours.</summary>
    public static void ClearErrors()
    {
        if (ERR_peek_error() != 0)
        {
            ERR_clear_error();
        }
    }

    /// <summary>A new method of BIOs with these two functions, which never end and never flush.</summary>
    public static nint NewBioMethod(delegate* unmanaged<nint, byte*, nuint, nuint*, int> read, delegate* unmanaged<nint, byte*, nuint, nuint*, int> write)
    {
        var method = BIO_meth_new(BIO_get_new_index() | BioTypeSourceSink, "PipeServer");
        BIO_meth_set_read_ex(method, read);
        BIO_meth_set_write_ex(method, write);

        // Asked at each record whether the kernel encrypts. The null BIO's answer is no, and it is native code: ours would be one more change of worlds.
        BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(BIO_s_null()));
        return method;
    }

    // SAFETY: the handles are never closed, so what was found stays where it is. The process's own end needs no end of OpenSSL, which would pull
    // the ground from under threads that still use it.
    private static bool Load()
    {
        if (!OperatingSystem.IsLinux()
            || !NativeLibrary.TryLoad(Crypto, typeof(Ssl).Assembly, Path, out var crypto)
            || !NativeLibrary.TryLoad(Lib, typeof(Ssl).Assembly, Path, out _)
            || !NativeLibrary.TryGetExport(crypto, "EVP_MAC_CTX_set_params", out _))
        {
            return false;
        }

        return OPENSSL_init_ssl(InitNoAtExit, 0) == 1;
    }

    // SAFETY: numbers and addresses only. None of these waits, takes a lock for long or calls back, so the garbage collector may wait for it.
    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path), SuppressGCTransition]
    private static partial ulong ERR_peek_error();

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path), SuppressGCTransition]
    public static partial nint BIO_get_data(nint bio);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path), SuppressGCTransition]
    public static partial int SSL_get_error(nint ssl, int result);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path), SuppressGCTransition]
    public static partial int SSL_get_shutdown(nint ssl);

    // SAFETY: an object of OpenSSL's is used by one thread at a time, under the lock of the OpenSslHandle that owns it, and memory is pinned for the call.
    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_new(nint context);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_free(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_set_bio(nint ssl, nint read, nint write);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_set_accept_state(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_do_handshake(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_read(nint ssl, byte* buffer, int count);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_write(nint ssl, byte* buffer, int count);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_shutdown(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_get_state(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_get_verify_mode(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_version(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_session_reused(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_get_current_cipher(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_get_pending_cipher(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial byte* SSL_CIPHER_standard_name(nint cipher);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial byte* SSL_CIPHER_get_name(nint cipher);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CIPHER_get_bits(nint cipher, int* algorithmBits);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CIPHER_get_auth_nid(nint cipher);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_get1_peer_certificate(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_set_SSL_CTX(nint ssl, nint context);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_set_session_id_context(nint ssl, byte* context, uint length);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_set_verify(nint ssl, int mode, nint callback);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_set_verify_depth(nint ssl, int depth);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_client_hello_get0_ext(nint ssl, uint type, byte** data, nuint* length);

    // SAFETY: the context is alive, because its OpenSslContext is in use or being made; OpenSSL copies what it is given.
    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    private static partial int OPENSSL_init_ssl(ulong options, nint settings);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint TLS_server_method();

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_CTX_new(nint method);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_CTX_free(nint context);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_CTX_ctrl(nint context, int command, nint number, void* argument);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial ulong SSL_CTX_set_options(nint context, ulong options);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial ulong SSL_CTX_clear_options(nint context, ulong options);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_CTX_set_timeout(nint context, nint seconds);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_set_num_tickets(nint context, nuint count);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_set_max_early_data(nint context, uint bytes);

    [LibraryImport(Lib, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_set_cipher_list(nint context, string list);

    [LibraryImport(Lib, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_set_ciphersuites(nint context, string list);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_get1_supported_ciphers(nint ssl);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_use_certificate(nint context, nint certificate);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_use_PrivateKey(nint context, nint key);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_check_private_key(nint context);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial nint SSL_CTX_get_cert_store(nint context);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_add_client_CA(nint context, nint certificate);

    // SAFETY: the functions are static and never throw.
    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_CTX_set_client_hello_cb(nint context, delegate* unmanaged<nint, int*, nint, int> callback, nint argument);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial void SSL_CTX_set_alpn_select_cb(
        nint context, delegate* unmanaged<nint, byte**, byte*, byte*, uint, nint, int> callback, nint argument);

    [LibraryImport(Lib), DefaultDllImportSearchPaths(Path)]
    public static partial int SSL_CTX_set_tlsext_ticket_key_evp_cb(nint context, delegate* unmanaged<nint, byte*, byte*, nint, nint, int, int> callback);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial void BIO_meth_set_read_ex(nint method, delegate* unmanaged<nint, byte*, nuint, nuint*, int> read);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial void BIO_meth_set_write_ex(nint method, delegate* unmanaged<nint, byte*, nuint, nuint*, int> write);

    // SAFETY: OpenSSL's own objects and constants, which it frees by itself or with their owner.
    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial int BIO_get_new_index();

    [LibraryImport(Crypto, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(Path)]
    private static partial nint BIO_meth_new(int type, string name);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial nint BIO_meth_get_ctrl(nint method);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial void BIO_meth_set_ctrl(nint method, nint control);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial nint BIO_s_null();

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial nint BIO_new(nint method);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial void BIO_set_data(nint bio, void* data);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial void BIO_set_flags(nint bio, int flags);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    private static partial void ERR_clear_error();

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial ulong ERR_get_error();

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial byte* ERR_reason_error_string(ulong error);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int OPENSSL_sk_num(nint stack);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial nint OPENSSL_sk_value(nint stack, int index);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial void OPENSSL_sk_free(nint stack);

    // SAFETY: the bytes are pinned for the call, and the address that is moved on is a copy on the caller's stack frame.
    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial nint d2i_X509(nint reuse, byte** data, nint length);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial nint d2i_AutoPrivateKey(nint reuse, byte** data, nint length);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int i2d_X509(nint certificate, byte** data);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial void X509_free(nint certificate);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int X509_STORE_add_cert(nint store, nint certificate);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int X509_STORE_set_flags(nint store, ulong flags);

    // SAFETY: as above; the cipher is never freed.
    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial byte* SHA256(byte* data, nuint count, byte* digest);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int RAND_bytes(byte* buffer, int count);

    [LibraryImport(Crypto, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(Path)]
    public static partial nint EVP_CIPHER_fetch(nint library, string algorithm, nint properties);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int EVP_EncryptInit_ex(nint context, nint cipher, nint engine, byte* key, byte* iv);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int EVP_DecryptInit_ex(nint context, nint cipher, nint engine, byte* key, byte* iv);

    [LibraryImport(Crypto), DefaultDllImportSearchPaths(Path)]
    public static partial int EVP_MAC_CTX_set_params(nint context, OpenSslParameter* parameters);
}
