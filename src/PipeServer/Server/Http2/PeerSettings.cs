using System.Buffers.Binary;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>What the client wants to be held to (RFC 9113 §6.5.2). The owner's. A mutable struct: it must be a field.</summary>
internal struct PeerSettings
{
    /// <summary>The size of one setting.</summary>
    public const int EntryBytes = 6;

    /// <summary>The largest window there is.</summary>
    public const int MaxWindow = int.MaxValue;

    /// <summary>The window of a stream that begins: how much may be sent on it.</summary>
    public int InitialWindow;

    /// <summary>How long a frame may be.</summary>
    public int MaxFrameSize;

    /// <summary>The dynamic table was made smaller than it is by default: the next block says that it is not used (RFC 7541 §4.2).</summary>
    public bool IsTableUpdateDue;

    /// <summary>As they are until the client says something else.</summary>
    public void Reset()
    {
        InitialWindow = 65535;
        MaxFrameSize = FrameHeader.MaxLength;
        IsTableUpdateDue = false;
    }

    /// <summary>Takes a frame's settings, in their order.</summary>
    /// <param name="payload">Of a length that is right.</param>
    /// <param name="reason">What is wrong with them.</param>
    public ErrorCode Apply(ReadOnlySpan<byte> payload, out string reason)
    {
        reason = "";
        for (; payload.Length >= EntryBytes; payload = payload[EntryBytes..])
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch ((SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case SettingId.HeaderTableSize:
                    IsTableUpdateDue |= value < 4096;
                    break;
                case SettingId.EnablePush when value > 1:
                    reason = "ENABLE_PUSH is neither 0 nor 1";
                    return ErrorCode.ProtocolError;
                case SettingId.InitialWindowSize when value > MaxWindow:
                    reason = "INITIAL_WINDOW_SIZE is above 2^31-1";
                    return ErrorCode.FlowControlError;
                case SettingId.InitialWindowSize:
                    InitialWindow = (int)value;
                    break;
                case SettingId.MaxFrameSize when value is < FrameHeader.MaxLength or > 0xFF_FFFF:
                    reason = "MAX_FRAME_SIZE is not between 2^14 and 2^24-1";
                    return ErrorCode.ProtocolError;
                case SettingId.MaxFrameSize:
                    MaxFrameSize = (int)value;
                    break;
                case SettingId.EnableConnectProtocol when value > 1:
                    reason = "ENABLE_CONNECT_PROTOCOL is neither 0 nor 1";
                    return ErrorCode.ProtocolError;
                case SettingId.NoRfc7540Priorities when value > 1:
                    reason = "NO_RFC7540_PRIORITIES is neither 0 nor 1";
                    return ErrorCode.ProtocolError;
                default:
                    break;
            }
        }

        return ErrorCode.NoError;
    }
}
