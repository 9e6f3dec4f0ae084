using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Platform;

namespace PipeServer.Cli.Tls;

/// <summary>
/// The certificate of <c>--tls-self-signed</c>, for localhost and the machine's own names and addresses. It is kept in a folder of the service's or the
/// user's, so that who has trusted it once need not do so at each start; made anew when it does not fit any more, or will expire soon.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class SelfSignedCertificate(TimeProvider time)
{
    private const string KeyFile = "self-signed.key"; // key and certificate in one, so that no crash can part them
    private const string CertificateFileName = "self-signed.pem";
    private const UnixFileMode OnlyOwn = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OnlyOwn | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    // Browsers take none for longer than 398 days.
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan ClockDifference = TimeSpan.FromHours(1); // that a client's clock may be behind

    /// <summary>The file of key and certificate; null where it could not be kept.</summary>
    public string? Path { get; private set; }

    /// <summary>The file of the certificate alone, to be trusted; null as above.</summary>
    public string? PublicPath { get; private set; }

    /// <summary>The certificate, where it could not be kept.</summary>
    public TlsCertificate? InMemory { get; private set; }

    /// <summary>Why it could not be kept; null where it is.</summary>
    public string? Problem { get; private set; }

    /// <summary>The folder in which certificates are kept: systemd's for the service, or the user's; null where neither is known.</summary>
    /// <param name="state">The variable STATE_DIRECTORY, folders with colons in between; or null.</param>
    /// <param name="xdg">The variable XDG_STATE_HOME, or null.</param>
    /// <param name="user">The user's folder; empty where there is none.</param>
    public static string? FolderOf(string? state, string? xdg, string user)
    {
        if (state?.Split(':')[0] is { Length: > 0 } first && !OperatingSystem.IsWindows())
        {
            return first;
        }

        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return local.Length == 0 ? null : System.IO.Path.Combine(local, "pipeserver");
        }

        // The XDG rules: what is not absolute does not count.
        return xdg is ['/', ..] ? System.IO.Path.Combine(xdg, "pipeserver")
            : user.Length == 0 ? null
            : System.IO.Path.Combine(user, ".local", "state", "pipeserver");
    }

    /// <summary>Sees to it that there is one that can be served: the one that is kept, if it still fits, or a new one.</summary>
    /// <param name="isTrial">Nothing is written: a new one is in memory only.</param>
    /// <returns>Whether a new one was made.</returns>
    public bool Ensure(bool isTrial = false)
    {
        var folder = FolderOf(
            Environment.GetEnvironmentVariable("STATE_DIRECTORY"),
            Environment.GetEnvironmentVariable("XDG_STATE_HOME"),
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        if (folder is not null && IsUsable(folder, isTrial))
        {
            Use(folder);
            return false;
        }

        if (InMemory is { } own && !IsDue(own))
        {
            return false;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = Create(key);
        Problem = isTrial ? "" : folder is null ? "no folder for it is known: neither STATE_DIRECTORY nor HOME is set" : TryKeep(folder, key, certificate);
        if (Problem is null)
        {
            Use(folder!);
        }
        else
        {
            (Path, PublicPath, InMemory) = (null, null, new TlsCertificate(certificate));
        }

        return true;
    }

    /// <summary>What a user has to know of it, a line each: where it lies, its fingerprint, and how to trust it.</summary>
    /// <param name="certificate">The certificate that is served.</param>
    public IEnumerable<string> Describe(TlsCertificate certificate)
    {
        yield return $"Self-signed certificate for {string.Join(", ", certificate.Names)}, until {certificate.NotAfter:yyyy-MM-dd}";
        yield return $"  SHA-256 {FingerprintOf(certificate)}";
        if (PublicPath is not { } path)
        {
            yield return $"  It is in memory only, and another one after a restart: {Problem}.";
            yield break;
        }

        yield return $"  It is {path}. Who trusts it: curl --cacert {path}";
        yield return "  Firefox, by an exception for the page, where it shows that fingerprint";
        yield return $"  Chromium: certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n pipeserver -i {path}";
        yield return $"  Debian, for all programs: cp {path} /usr/local/share/ca-certificates/pipeserver.crt && update-ca-certificates";
    }

    /// <summary>It is time to make another one.</summary>
    public bool IsDue(TlsCertificate certificate) => certificate.NotAfter - time.GetUtcNow() <= RenewBefore;

    /// <summary>The fingerprint by which browsers and users compare certificates.</summary>
    public static string FingerprintOf(TlsCertificate certificate) => string.Join(
        ':', Convert.ToHexString(certificate.Certificate.GetCertHash(HashAlgorithmName.SHA256)).Chunk(2).Select(static pair => new string(pair)));

    // An old one is reused while it is valid for some time, and for the names and addresses of now. IPv6 addresses change by themselves, and are not
    // asked for: who has trusted the certificate would have to do so again every day.
    private bool IsUsable(string folder, bool isTrial)
    {
        try
        {
            var path = System.IO.Path.Combine(folder, KeyFile);
            if (!File.Exists(path))
            {
                return false;
            }

            var kept = TlsCertificate.FromPemFiles(path);
            using var _ = kept.Certificate;
            var alternatives = kept.Certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
            var addresses = alternatives?.EnumerateIPAddresses().ToHashSet() ?? [];
            var now = time.GetUtcNow();
            if (!isTrial)
            {
                Publish(folder);
            }

            return !IsDue(kept)
                && new DateTimeOffset(kept.Certificate.NotBefore.ToUniversalTime()) <= now
                && HostNames().All(name => kept.Names.Contains(name, StringComparer.Ordinal))
                && Addresses().All(address => address.AddressFamily != AddressFamily.InterNetwork || addresses.Contains(address));
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException)
        {
            return false; // what cannot be used is replaced
        }
    }

    private void Use(string folder) =>
        (Path, PublicPath, InMemory, Problem) =
            (System.IO.Path.Combine(folder, KeyFile), System.IO.Path.Combine(folder, CertificateFileName), null, null);

    private X509Certificate2 Create(ECDsa key)
    {
        var request = new CertificateRequest("CN=PipeServer self-signed", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier)); // a store may hold an old one too
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in HostNames())
        {
            names.AddDnsName(name);
        }

        foreach (var address in Addresses())
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        var serial = RandomNumbers.Bytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40); // positive, and of full length (RFC 5280 §4.1.2.2)
        var now = time.GetUtcNow();
        using var signed = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - ClockDifference, now + Validity, serial);
        return signed.CopyWithPrivateKey(key);
    }

    private static List<string> HostNames()
    {
        List<string> names = ["localhost"];
        foreach (var name in new[] { HostName(), Environment.MachineName })
        {
            var lower = name.ToLowerInvariant().TrimEnd('.');
            if (Uri.CheckHostName(lower) == UriHostNameType.Dns && !names.Contains(lower, StringComparer.Ordinal))
            {
                names.Add(lower);
            }
        }

        return names;
    }

    private static string HostName()
    {
        try
        {
            return Dns.GetHostName();
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static List<IPAddress> Addresses()
    {
        List<IPAddress> all = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        all.AddRange(MachineAddresses.Own().Where(address => !all.Contains(address)).Distinct());
        return all;
    }

    // Each file takes its place by a rename, whole. Two processes that start at once may both make a certificate: the last one in the place of the key
    // counts, and the other file is made what that one is. Null when that has succeeded.
    private static string? TryKeep(string folder, ECDsa key, X509Certificate2 certificate)
    {
        try
        {
            Directory.CreateDirectory(folder);
            Replace(
                System.IO.Path.Combine(folder, KeyFile), key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n", OnlyOwn);
            Publish(folder);
            return null;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return $"{exception.Message.TrimEnd('.')}; set STATE_DIRECTORY to a folder that can be written";
        }
    }

    // Who trusts the certificate trusts this file: it must be the one that is served. Another process may have exchanged the key meanwhile.
    private static void Publish(string folder)
    {
        var path = System.IO.Path.Combine(folder, CertificateFileName);
        while (true)
        {
            using var kept = TlsCertificate.FromPemFiles(System.IO.Path.Combine(folder, KeyFile)).Certificate;
            var text = kept.ExportCertificatePem() + "\n";
            if (File.Exists(path) && File.ReadAllText(path) == text)
            {
                return;
            }

            Replace(path, text, Readable);
        }
    }

    private static void Replace(string path, string text, UnixFileMode mode)
    {
        var next = $"{path}.{Environment.ProcessId}";
        File.Delete(next); // of a process that had our number, and was killed
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        try
        {
            using (var writer = new StreamWriter(next, options))
            {
                writer.Write(text);
            }

            File.Move(next, path, overwrite: true);
        }
        catch
        {
            File.Delete(next);
            throw;
        }
    }
}
