namespace PipeServer.Fuzz.Http2;

/// <summary>The numbers of settings.</summary>
internal static class Setting
{
    public const int HeaderTableSize = 1;
    public const int EnablePush = 2;
    public const int MaxConcurrentStreams = 3;
    public const int InitialWindowSize = 4;
    public const int MaxFrameSize = 5;
    public const int MaxHeaderListSize = 6;
    public const int EnableConnectProtocol = 8;
    public const int NoRfc7540Priorities = 9;
}
