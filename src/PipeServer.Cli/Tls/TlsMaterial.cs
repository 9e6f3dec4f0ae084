using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;
using PipeServer.Tls;

namespace PipeServer.Cli.Tls;

/// <summary>
/// All that TLS reads from files, as it was at one moment: certificates with their keys and their clients' authorities, and the keys of tickets. It is
/// read again for a reload, and when one of them has changed: whole, or not at all. Immutable.
/// </summary>
internal sealed class TlsMaterial
{
    /// <summary>The variable that may hold the password of PKCS#12 files.</summary>
    public const string PasswordVariable = "PIPESERVER_TLS_PFX_PASSWORD";

    private const string ClientsOption = "--tls-client-ca";
    private const string TicketsOption = "--tls-ticket-keys";

    private readonly TlsFiles _files;
    private readonly FileStamp[] _stamps; // of Paths, from before they were read
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, TlsClientCertificates> _clients = new(StringComparer.Ordinal);

    private TlsMaterial(TlsFiles files, TlsMaterial? before)
    {
        _files = files;
        Paths = [.. files.Paths];
        _stamps = Look();
        foreach (var certificate in files.Certificates)
        {
            _entries.Add(ReadCertificate(certificate, before));
        }

        TicketKeys = files.TicketKeyPaths.Count == 0
            ? null
            : [.. files.TicketKeyPaths.Select(path => Read(TicketsOption, path, TicketKeyFile.Read, isAgain: before is not null))];
        Certificates = [.. _entries.Select(static entry => entry.Certificate), .. InMemory(before)];
    }

    /// <summary>
    /// The certificates in the order of their files: the first is for clients that ask for no name, or for one that none is for. One whose files have
    /// not changed is the same object as before.
    /// </summary>
    public IReadOnlyList<TlsCertificate> Certificates { get; }

    /// <summary>Those that are for all clients: by the names that they have; where there are none, all.</summary>
    public IEnumerable<TlsCertificate> General =>
        Certificates.Except(_entries.Where(static entry => entry.Files.Hosts is not null).Select(static entry => entry.Certificate))
            is var general && general.Any() ? general : Certificates;

    /// <summary>Those that are for hosts, whatever names they have, by these.</summary>
    public IEnumerable<KeyValuePair<string, TlsCertificate>> OfHosts => _entries.SelectMany(static entry =>
        (entry.Files.Hosts?.Split(' ') ?? []).Select(host => KeyValuePair.Create(host, entry.Certificate)));

    /// <summary>The keys of session tickets; null for the engine's own.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? TicketKeys { get; }

    /// <summary>Every file that was read.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The files of secrets that every user of the machine may read, with what their permissions are.</summary>
    public IEnumerable<(string Path, UnixFileMode Mode)> Exposed
    {
        get
        {
            foreach (var path in _files.SecretPaths)
            {
                if (ModeOf(path) is var mode && mode.HasFlag(UnixFileMode.OtherRead))
                {
                    yield return (path, mode);
                }
            }
        }
    }

    /// <summary>Reads all of the files.</summary>
    /// <param name="files">Which.</param>
    /// <param name="before">What was read before, or null.</param>
    /// <param name="material">What is in them; null where there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryRead(TlsFiles files, TlsMaterial? before, out TlsMaterial? material)
    {
        try
        {
            material = new TlsMaterial(files, before);
            return null;
        }
        catch (ConfigurationException exception)
        {
            material = null;
            return exception.Message;
        }
    }

    /// <summary>Tells once of what can be served and should not be: secrets that everybody may read, certificates that expire.</summary>
    public void Warn(ILogger logger, TimeProvider time)
    {
        foreach (var (path, mode) in Exposed)
        {
            CliLog.TlsSecretExposed(logger, path, HttpEndpointText.WriteMode(mode));
        }

        new ExpiryLog(time, logger).Look(Certificates);
    }

    /// <summary>What the paths lead to now.</summary>
    public FileStamp[] Look() => [.. Paths.Select(FileStamp.Of)];

    /// <summary>Whether the paths have led there when they were read.</summary>
    public bool IsOf(FileStamp[] stamps) => _stamps.AsSpan().SequenceEqual(stamps);

    /// <summary>The options whose files have something else in them than in another one.</summary>
    public IEnumerable<string> ChangedOptions(TlsMaterial before)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (var entry in _entries.Where(entry => !before.Certificates.Contains(entry.Certificate)))
        {
            var isOfClients = before.Certificates.Any(certificate => IsSame(certificate, entry.Certificate));
            names.Add(isOfClients && entry.Files.ClientAuthoritiesPath is null ? ClientsOption : entry.Files.Option);
        }

        if (!TicketsAreSameAs(before))
        {
            names.Add(TicketsOption);
        }

        return names;
    }

    /// <summary>Whether the keys of tickets are the same as in another one.</summary>
    public bool TicketsAreSameAs(TlsMaterial other) => (TicketKeys, other.TicketKeys) switch
    {
        (null, null) => true,
        ({ } one, { } two) => one.Count == two.Count && Enumerable.Range(0, one.Count).All(i => one[i].Span.SequenceEqual(two[i].Span)),
        _ => false,
    };

    private static UnixFileMode ModeOf(string path)
    {
        try
        {
            return OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return UnixFileMode.None;
        }
    }

    // What goes wrong with a file, by the option that names it.
    private static T Read<T>(string option, string path, Func<string, T> read, bool isAgain)
    {
        if (isAgain)
        {
            MustBeFile(option, path);
        }

        try
        {
            return read(path);
        }
        catch (Exception exception) when (
            exception is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or PlatformNotSupportedException)
        {
            throw new ConfigurationException($"{option}: {exception.Message}");
        }
    }

    // To open a pipe is to wait for a writer, perhaps for ever.
    private static void MustBeFile(string option, string path)
    {
        if (FileStamp.Of(path).IsOther)
        {
            throw new ConfigurationException($"{option} {path}: this is no file, and cannot be read twice. Name a file.");
        }
    }

    private Entry ReadCertificate(CertificateFiles files, TlsMaterial? before)
    {
        FileStamp[] stamps = [.. files.Paths.Select(FileStamp.Of)];
        var clients = Clients(files, before);
        var old = before?._entries.Find(entry => entry.Files == files);
        var isSame = old is not null && old.Stamps.AsSpan().SequenceEqual(stamps) && !stamps.Contains(FileStamp.Nothing);
        if (before is not null && !isSame)
        {
            foreach (var path in files.Paths)
            {
                MustBeFile(files.Option, path);
            }
        }

        var read = isSame
            ? old!.Certificate
            : Read(
                files.Option,
                files.CertificatePath,
                path => files.IsPkcs12 ? TlsCertificate.FromPkcs12File(path, Password(files)) : TlsCertificate.FromPemFiles(path, files.KeyPath),
                isAgain: false);
        return new Entry(files, stamps, old is not null && IsSame(old.Certificate, read) && ReferenceEquals(old.Certificate.ClientCertificates, clients)
            ? old.Certificate
            : WithClients(read, clients));
    }

    private IEnumerable<TlsCertificate> InMemory(TlsMaterial? before)
    {
        if (_files.InMemory is not { } own)
        {
            return [];
        }

        var clients = Clients(new CertificateFiles("", null), before);
        return [before?.Certificates.FirstOrDefault(certificate =>
                ReferenceEquals(certificate.Certificate, own.Certificate) && ReferenceEquals(certificate.ClientCertificates, clients))
            ?? WithClients(own, clients)];
    }

    // The keys of two certificates that are the same are the same too.
    private static bool IsSame(TlsCertificate one, TlsCertificate other) =>
        IsSame(one.Certificate, other.Certificate) && IsSame(one.Chain, other.Chain);

    private static bool IsSame(IReadOnlyList<X509Certificate2> some, IReadOnlyList<X509Certificate2> others) =>
        some.Count == others.Count && some.Zip(others).All(static pair => IsSame(pair.First, pair.Second));

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static TlsCertificate WithClients(TlsCertificate certificate, TlsClientCertificates? clients) =>
        clients is null && certificate.ClientCertificates is null
        ? certificate
        : new TlsCertificate(certificate.Certificate, certificate.Chain) { ClientCertificates = clients };

    // One object for a file, however many certificates name it: whether two ask for the same clients is seen by it.
    private TlsClientCertificates? Clients(CertificateFiles files, TlsMaterial? before)
    {
        if ((files.ClientAuthoritiesPath ?? _files.ClientAuthoritiesPath) is not { } path)
        {
            return null;
        }

        if (!_clients.TryGetValue(path, out var clients))
        {
            var option = files.ClientAuthoritiesPath is null ? ClientsOption : files.Option;
            var read = Read(option, path, CertificateFile.ReadAuthorities, isAgain: before is not null);
            var isRequired = !_files.ClientsAreOptional;
            clients = before?._clients.GetValueOrDefault(path) is { } old && old.IsRequired == isRequired && IsSame(old.Authorities, read)
                ? old
                : new TlsClientCertificates(read) { IsRequired = isRequired };
            _clients.Add(path, clients);
        }

        return clients;
    }

    // Without the line end, and the mark of UTF-8, that editors and echo add.
    private static string? Password(CertificateFiles files) => files.PasswordPath is { } path
        ? Encoding.UTF8.GetString(Read("--tls-pfx-password-file", path, PemFile.ReadBytes, isAgain: false)).TrimStart('\uFEFF').TrimEnd('\r', '\n')
        : Environment.GetEnvironmentVariable(PasswordVariable);

    private sealed record Entry(CertificateFiles Files, FileStamp[] Stamps, TlsCertificate Certificate);
}
