namespace PipeServer.Diagnostics;

/// <summary>
/// The numbers of the log events, by room: workers 1–19, server 20–59, connections 60–79, transport 80–99, static files 100–119, command line
/// 120–139, TLS 140–159, WebSocket 160–169, HTTP/2 170–179.
/// </summary>
internal static class EventIds
{
    public const int WorkerGotJob = 1;
    public const int WorkerDisconnected = 2;
    public const int ShuttingDownWorker = 3;
    public const int WorkerStuck = 4;
    public const int JobFaulted = 5;
    public const int JobFaultedListenerFailed = 6;
    public const int WorkerNotStarted = 7;
    public const int RefusedJobFaulted = 8;

    public const int DrainStarted = 21;
    public const int DrainDeadline = 22;
    public const int ShutdownCompleted = 23;
    public const int AcceptFailed = 24;
    public const int AcceptLoopEnded = 25;
    public const int HeartbeatFailed = 26;
    public const int ConnectionLimitReached = 27;
    public const int DrainCensus = 28;
    public const int WarmUpFailed = 29;

    public const int HandlerFaulted = 60;
    public const int ConnectionFaulted = 61;
    public const int RequestRejected = 62;
    public const int ResponseIncomplete = 63;
    public const int ConnectionAborted = 64;
    public const int ProxyHeaderMissing = 65;
    public const int ClientRefused = 66;
    public const int MoreClientsRefused = 67;
    public const int CompletedListenerFailed = 68;
    public const int CompletedHookFailed = 69;

    public const int LoopFaulted = 80;
    public const int LoopEnded = 81;
    public const int LoopStuck = 82;
    public const int TransportFallback = 83;
    public const int LoopWaitFailed = 84;

    public const int RootSwitched = 100;
    public const int RootLost = 101;
    public const int RootFound = 102;

    public const int AccessLogFailed = 120;
    public const int AccessLogGoesOn = 121;
    public const int AccessLogReopened = 122;
    public const int AccessLogNotReopened = 123;
    public const int UpgradeBegins = 124;
    public const int HandedOver = 125;
    public const int UpgradeRefused = 126;
    public const int TookOver = 127;
    public const int PidFileNotWritten = 128;
    public const int Reloaded = 136;
    public const int ReloadNeedsRestart = 137;
    public const int ReloadRefused = 138;
    public const int ReloadWhileStopping = 139;

    public const int HandshakeThreadStuck = 141;
    public const int TlsCertificateUnusable = 145;
    public const int TlsEngineFallback = 146;

    public const int CertificatesChanged = 148;
    public const int CertificatesRefused = 149;
    public const int CertificateExpires = 150;
    public const int CertificateExpired = 151;
    public const int TlsSecretExposed = 152;
    public const int SelfSignedRenewed = 153;
    public const int CertificateNotYetValid = 154;
    public const int CertificatesAsBefore = 155;

    public const int WebSocketCutOff = 160;

    public const int Http2ConnectionError = 170;
    public const int Http2Calmed = 171;
    public const int Http2ClientError = 172;
}
