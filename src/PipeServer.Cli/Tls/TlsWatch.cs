using Microsoft.Extensions.Logging;
using PipeServer.Cli.Reload;

namespace PipeServer.Cli.Tls;

/// <summary>
/// Looks every ten seconds whether the files of certificates have changed, and has them read again. It looks on the program's main thread, at what the
/// paths lead to only; what has changed is read on the thread of reloads. Certificate and key are replaced one after the other: what does not go together
/// is told once it has stayed so from one look to the next.
/// </summary>
internal sealed class TlsWatch : IDisposable
{
    /// <summary>The time between two looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    // Between two looks at what will expire: by that time at most is it told later than it is true.
    private static readonly TimeSpan ExpiryPeriod = TimeSpan.FromHours(1);

    private readonly LiveConfiguration _configuration;
    private readonly Reloader _reloader;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ExpiryLog _expiry;
    private readonly Lock _gate = new(); // between a look and what it has led to
    private readonly ITimer _timer;
    private readonly HashSet<string> _exposed = new(StringComparer.Ordinal); // files of which that was told
    private FileStamp[]? _failed; // what could not be used, and is told if it stays so
    private FileStamp[]? _told; // what was told of
    private TlsMaterial? _lookedAt;
    private DateTimeOffset _nextExpiry;

    /// <summary>Begins to look.</summary>
    /// <param name="configuration">What is in force.</param>
    /// <param name="reloader">Reads what has changed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets the lines.</param>
    public TlsWatch(LiveConfiguration configuration, Reloader reloader, TimeProvider time, ILogger logger)
    {
        (_configuration, _reloader, _time, _logger) = (configuration, reloader, time, logger);
        _expiry = new ExpiryLog(time, logger);
        _timer = time.CreateTimer(static watch => ((TlsWatch)watch!).Look(), this, TimeSpan.Zero, Period);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            var settings = _configuration.Current.Tls;
            if (settings.Material is not { } material)
            {
                return;
            }

            var now = _time.GetUtcNow();
            if (material != _lookedAt || now >= _nextExpiry)
            {
                TellExposed(material);
                _expiry.Look(material.Certificates);
                (_lookedAt, _nextExpiry) = (material, now + ExpiryPeriod);
                if (settings.SelfSigned is { } own && own.IsDue(material.General.First()))
                {
                    _ = _reloader.TryRefresh(Renew);
                    return;
                }
            }

            var stamps = material.Look();
            if (material.IsOf(stamps))
            {
                if (_told is not null)
                {
                    CliLog.CertificatesAsBefore(_logger);
                }

                (_failed, _told) = (null, null);
            }
            else
            {
                _ = _reloader.TryRefresh(Refresh); // again and again: what was missing may have been a descriptor, and not the file's fault
            }
        }
    }

    // On the thread of reloads.
    private void Renew()
    {
        var tls = _configuration.Current.Tls;
        if (tls.SelfSigned!.Ensure())
        {
            Refresh();
            CliLog.SelfSignedRenewed(_logger, SelfSignedCertificate.FingerprintOf(tls.Material!.General.First()), tls.SelfSigned.PublicPath ?? "memory");
        }
    }

    private void Refresh()
    {
        var before = _configuration.Current.Tls.Material!;
        var stamps = before.Look();
        var problem = _configuration.RefreshTls(out var material);
        var wasTold = false;
        lock (_gate)
        {
            if (problem is null)
            {
                wasTold = _told is not null;
                (_failed, _told) = (null, null);
            }
            else if (_told is not null && _told.AsSpan().SequenceEqual(stamps))
            {
                problem = null;
            }
            else if (_failed is not null && _failed.AsSpan().SequenceEqual(stamps))
            {
                _told = stamps;
            }
            else
            {
                (_failed, problem) = (stamps, null); // the next look may find the rest of it
            }
        }

        if (problem is not null)
        {
            CliLog.CertificatesRefused(_logger, problem);
        }
        else if (material?.ChangedOptions(before).Any() == true)
        {
            CliLog.CertificatesChanged(_logger, string.Join(", ", Names(material, before)));
        }
        else if (wasTold)
        {
            CliLog.CertificatesAsBefore(_logger);
        }
    }

    private static IEnumerable<string> Names(TlsMaterial material, TlsMaterial before)
    {
        foreach (var certificate in material.Certificates.Except(before.Certificates))
        {
            yield return $"{(certificate.Names is [var name, ..] ? name : certificate.Certificate.Subject)} (until {certificate.NotAfter:yyyy-MM-dd})";
        }

        if (!material.TicketsAreSameAs(before))
        {
            yield return "keys of tickets";
        }
    }

    private void TellExposed(TlsMaterial material)
    {
        foreach (var (path, mode) in material.Exposed)
        {
            if (_exposed.Add(path))
            {
                CliLog.TlsSecretExposed(_logger, path, HttpEndpointText.WriteMode(mode));
            }
        }
    }
}
