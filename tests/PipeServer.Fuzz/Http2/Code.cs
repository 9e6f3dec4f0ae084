namespace PipeServer.Fuzz.Http2;

/// <summary>The error codes of RFC 9113 §7.</summary>
internal static class Code
{
    public const int NoError = 0;
    public const int ProtocolError = 1;
    public const int InternalError = 2;
    public const int FlowControlError = 3;
    public const int SettingsTimeout = 4;
    public const int StreamClosed = 5;
    public const int FrameSizeError = 6;
    public const int RefusedStream = 7;
    public const int Cancel = 8;
    public const int CompressionError = 9;
    public const int ConnectError = 10;
    public const int EnhanceYourCalm = 11;
    public const int InadequateSecurity = 12;
    public const int Http11Required = 13;
}
