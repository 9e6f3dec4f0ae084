namespace PipeServer.Http.Frames;

/// <summary>The types of frames (RFC 9113 §6, RFC 9218 §7.1); all others are ignored.</summary>
internal enum FrameType : byte
{
    /// <summary>A piece of a body.</summary>
    Data = 0,

    /// <summary>Begins a header block.</summary>
    Headers = 1,

    /// <summary>The priorities of RFC 7540, which nobody follows any more.</summary>
    Priority = 2,

    /// <summary>Ends a stream at once.</summary>
    ResetStream = 3,

    /// <summary>What its sender wants to be held to.</summary>
    Settings = 4,

    /// <summary>A response that nobody has asked for; no client may send it.</summary>
    PushPromise = 5,

    /// <summary>Asks for its own acknowledgement.</summary>
    Ping = 6,

    /// <summary>Its sender takes no stream beyond the one that it names.</summary>
    GoAway = 7,

    /// <summary>Lets the receiver send so much more.</summary>
    WindowUpdate = 8,

    /// <summary>Goes on with a header block.</summary>
    Continuation = 9,

    /// <summary>The priority of a response (RFC 9218 §7.1).</summary>
    PriorityUpdate = 16,
}
