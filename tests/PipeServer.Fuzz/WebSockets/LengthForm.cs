namespace PipeServer.Fuzz.WebSockets;

/// <summary>How many bytes a frame spends on its length.</summary>
internal enum LengthForm
{
    /// <summary>As few as can be: the only way that RFC 6455 §5.2 allows.</summary>
    Minimal,

    /// <summary>126 and two bytes.</summary>
    TwoBytes,

    /// <summary>127 and eight bytes.</summary>
    EightBytes,
}
