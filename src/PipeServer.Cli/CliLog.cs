using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>Every line that the command line logs beside the library. Source-generated, as <see cref="Log"/>.</summary>
internal static partial class CliLog
{
    [LoggerMessage(EventIds.AccessLogFailed, LogLevel.Warning, "The access log {Path} {Problem}; its lines are lost until it can be written again.")]
    public static partial void AccessLogFailed(ILogger logger, string path, string problem);

    [LoggerMessage(EventIds.AccessLogGoesOn, LogLevel.Warning, "The access log {Path} is written again; {Lost} lines were lost.")]
    public static partial void AccessLogGoesOn(ILogger logger, string path, long lost);

    [LoggerMessage(
        EventIds.AccessLogNotReopened, LogLevel.Warning, "The access log {Path} could not be opened anew, and goes on in the file that was open: {Problem}")]
    public static partial void AccessLogNotReopened(ILogger logger, string path, string problem);

    [LoggerMessage(EventIds.AccessLogReopened, LogLevel.Information, "The access log {Path} is opened anew.")]
    public static partial void AccessLogReopened(ILogger logger, string path);

    [LoggerMessage(EventIds.Reloaded, LogLevel.Information, "Reloaded: {Changed}.")]
    public static partial void Reloaded(ILogger logger, string changed);

    [LoggerMessage(EventIds.ReloadNeedsRestart, LogLevel.Warning, "{Options} until a restart.")]
    public static partial void ReloadNeedsRestart(ILogger logger, string options);

    [LoggerMessage(EventIds.ReloadRefused, LogLevel.Error, "Not reloaded, and nothing has changed: {Problem}")]
    public static partial void ReloadRefused(ILogger logger, string problem);

    [LoggerMessage(EventIds.ReloadWhileStopping, LogLevel.Information, "Not reloaded: the server stops. Logs are opened anew.")]
    public static partial void ReloadWhileStopping(ILogger logger);

    [LoggerMessage(EventIds.UpgradeBegins, LogLevel.Information, "Upgrading: process {Process} is started from {Path} with {Sockets} listening sockets.")]
    public static partial void UpgradeBegins(ILogger logger, int process, string path, int sockets);

    [LoggerMessage(EventIds.HandedOver, LogLevel.Information, "Upgraded: process {Process} serves from now on; this one finishes what it has.")]
    public static partial void HandedOver(ILogger logger, int process);

    [LoggerMessage(EventIds.UpgradeRefused, LogLevel.Error, "Not upgraded, and nothing has changed: {Problem}")]
    public static partial void UpgradeRefused(ILogger logger, string problem);

    [LoggerMessage(EventIds.TookOver, LogLevel.Information, "Took over from process {Process}.")]
    public static partial void TookOver(ILogger logger, int process);

    [LoggerMessage(EventIds.PidFileNotWritten, LogLevel.Warning, "The file of --pid-file {Path} could not be written: {Problem}")]
    public static partial void PidFileNotWritten(ILogger logger, string path, string problem);

    [LoggerMessage(EventIds.CertificatesChanged, LogLevel.Information, "New handshakes get what the changed files hold: {Changed}.")]
    public static partial void CertificatesChanged(ILogger logger, string changed);

    [LoggerMessage(
        EventIds.CertificatesRefused, LogLevel.Error,
        "Files of certificates have changed and cannot be used; what was read before stays in force until they change again. {Problem}")]
    public static partial void CertificatesRefused(ILogger logger, string problem);

    [LoggerMessage(EventIds.CertificatesAsBefore, LogLevel.Information, "The files of certificates can be used again: they hold what is in force.")]
    public static partial void CertificatesAsBefore(ILogger logger);

    [LoggerMessage(EventIds.CertificateExpires, LogLevel.Warning, "The certificate for {Names} expires in {Days} days, {NotAfter:u}.")]
    public static partial void CertificateExpires(ILogger logger, string names, double days, DateTimeOffset notAfter);

    [LoggerMessage(EventIds.CertificateExpired, LogLevel.Error, "The certificate for {Names} has expired, {NotAfter:u}: clients refuse it.")]
    public static partial void CertificateExpired(ILogger logger, string names, DateTimeOffset notAfter);

    [LoggerMessage(
        EventIds.CertificateNotYetValid, LogLevel.Error,
        "The certificate for {Names} is not valid before {NotBefore:u}: until then clients refuse it. Or this machine's clock is behind.")]
    public static partial void CertificateNotYetValid(ILogger logger, string names, DateTimeOffset notBefore);

    [LoggerMessage(
        EventIds.TlsSecretExposed, LogLevel.Warning, "Every user of this machine may read {Path} (mode {Mode}), which holds a secret: chmod 600.")]
    public static partial void TlsSecretExposed(ILogger logger, string path, string mode);

    [LoggerMessage(
        EventIds.SelfSignedRenewed, LogLevel.Warning, "The self-signed certificate was made anew before it expired: SHA-256 {Fingerprint}, in {Path}.")]
    public static partial void SelfSignedRenewed(ILogger logger, string fingerprint, string path);
}
