using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>The system's own crypt(3), which knows every hash of <c>/etc/shadow</c>. One call at a time.</summary>
internal static partial class Crypt
{
    // Debian's and most others'; its later version, without the old interface; musl's and the BSDs' own.
    private static readonly string[] Names = ["libcrypt.so.1", "libcrypt.so.2", "libc"];

    private static readonly Lock OneAtATime = new(); // the result lies in static memory of the library

    static Crypt() => NativeLibrary.SetDllImportResolver(typeof(Crypt).Assembly, static (name, assembly, path) =>
    {
        if (name != "crypt")
        {
            return 0;
        }

        foreach (var candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, out var library) && NativeLibrary.TryGetExport(library, "crypt", out _))
            {
                return library;
            }
        }

        return 0;
    });

    /// <summary>The hash of a password by the method, salt and cost of a hash; null when the system does not know them.</summary>
    /// <exception cref="DllNotFoundException">The system has no crypt(3).</exception>
    // SAFETY: both strings are pinned for the call and end with a zero byte; the result is read before the lock is left.
    public static unsafe byte[]? Hash(byte[] password, string hash)
    {
        fixed (byte* key = new byte[password.Length + 1], setting = Encoding.ASCII.GetBytes(hash + '\0'))
        {
            password.CopyTo(new Span<byte>(key, password.Length));
            lock (OneAtATime)
            {
                var result = crypt(key, setting);
                var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(result);
                return bytes.IsEmpty || bytes[0] == '*' ? null : bytes.ToArray();
            }
        }
    }

    [LibraryImport("crypt")]
    // SAFETY: see Hash.
    private static unsafe partial byte* crypt(byte* key, byte* setting);
}
