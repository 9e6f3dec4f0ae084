using System.Runtime.InteropServices;

namespace PipeServer.Tls;

/// <summary>Whether the platform can do cryptography at all: on Linux .NET needs OpenSSL's libraries, and ends the process where it finds none.</summary>
internal static class SystemCryptography
{
    // The names that .NET looks for, the newest first.
    private static readonly string[] Libraries = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>What is missing, with the way out; null where nothing is.</summary>
    public static string? Problem => Found.Value;

    private static string? Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        foreach (var name in Libraries)
        {
            if (NativeLibrary.TryLoad(name, out _))
            {
                return null; // it stays loaded: it is about to be used
            }
        }

        return "TLS needs OpenSSL's library (libssl.so.3), and the system has none. Install it: the package libssl3, openssl-libs or openssl.";
    }
}
