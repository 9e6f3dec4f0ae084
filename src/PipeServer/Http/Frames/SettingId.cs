namespace PipeServer.Http.Frames;

/// <summary>What a SETTINGS frame can say (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1); all others are ignored.</summary>
internal enum SettingId : ushort
{
    /// <summary>How large the dynamic table of whoever encodes for the sender may be.</summary>
    HeaderTableSize = 1,

    /// <summary>Whether pushes are taken.</summary>
    EnablePush = 2,

    /// <summary>How many streams the other side may have open.</summary>
    MaxConcurrentStreams = 3,

    /// <summary>The window of each new stream.</summary>
    InitialWindowSize = 4,

    /// <summary>How long a frame may be, without its header.</summary>
    MaxFrameSize = 5,

    /// <summary>How long a head may be: advice.</summary>
    MaxHeaderListSize = 6,

    /// <summary>CONNECT with <c>:protocol</c> is taken.</summary>
    EnableConnectProtocol = 8,

    /// <summary>The priorities of RFC 7540 are not followed.</summary>
    NoRfc7540Priorities = 9,
}
