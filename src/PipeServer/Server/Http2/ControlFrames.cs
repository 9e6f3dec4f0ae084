using System.Buffers.Binary;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>Holds the frames that carry nothing of a request to RFC 9113 §6 and RFC 9218 §7, and hands on what they say. The owner's.</summary>
internal sealed class ControlFrames(Http2Connection connection)
{
    /// <summary>Takes a frame that is neither DATA, HEADERS, CONTINUATION nor SETTINGS.</summary>
    public void Take(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Priority:
                OnPriority(in header, payload);
                break;
            case FrameType.ResetStream:
                if (CheckStreamFrame(in header, 4))
                {
                    connection.OnReset(header.StreamId, (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload));
                }

                break;
            case FrameType.PushPromise:
                connection.Fail(ErrorCode.ProtocolError, "a client cannot push");
                break;
            case FrameType.Ping:
                if (CheckConnectionFrame(in header, payload.Length == 8))
                {
                    connection.OnPing(payload, header.Has(FrameHeader.Ack));
                }

                break;
            case FrameType.GoAway:
                if (CheckConnectionFrame(in header, payload.Length >= 8))
                {
                    connection.OnGoAway((ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]));
                }

                break;
            case FrameType.WindowUpdate:
                OnWindowUpdate(in header, payload);
                break;
            case FrameType.PriorityUpdate:
                OnPriorityUpdate(in header, payload);
                break;
            default:
                connection.Spend(ControlBudget.Small, "frames of unknown types"); // RFC 9113 §4.1: ignored
                break;
        }
    }

    private void OnPriority(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "PRIORITY on stream 0");
        }
        else if (connection.Spend(ControlBudget.Small, "PRIORITY frames"))
        {
            if (payload.Length != 5)
            {
                connection.FailStream(header.StreamId, ErrorCode.FrameSizeError);
            }
            else if ((BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFF_FFFF) == header.StreamId)
            {
                connection.FailStream(header.StreamId, ErrorCode.ProtocolError);
            }
        }
    }

    /// <summary>Takes SETTINGS, or the acknowledgement of them; false, and the connection has failed, where it is none.</summary>
    /// <param name="header">The frame's header.</param>
    /// <param name="payload">What follows it.</param>
    /// <param name="isFirst">It is the connection's first frame.</param>
    public bool TryTakeSettings(in FrameHeader header, ReadOnlySpan<byte> payload, bool isFirst)
    {
        var isAck = header.Has(FrameHeader.Ack);
        if (!CheckConnectionFrame(in header, isAck ? payload.IsEmpty : payload.Length % PeerSettings.EntryBytes == 0))
        {
            return false;
        }

        if (isAck && isFirst)
        {
            connection.Fail(ErrorCode.ProtocolError, "the first frame is an acknowledgement");
            return false;
        }

        if (isAck)
        {
            connection.OnSettingsAcknowledged();
        }
        else if (connection.Spend(ControlBudget.Answered + (payload.Length / PeerSettings.EntryBytes / 8), "SETTINGS frames"))
        {
            connection.OnSettings(payload);
        }

        return true;
    }

    private void OnWindowUpdate(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4)
        {
            connection.Fail(ErrorCode.FrameSizeError, "WINDOW_UPDATE is not of four bytes");
            return;
        }

        if (connection.Spend(ControlBudget.Small, "WINDOW_UPDATE frames"))
        {
            connection.OnWindowUpdate(header.StreamId, (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFF_FFFF));
        }
    }

    // RFC 9218 §7.1
    private void OnPriorityUpdate(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!CheckConnectionFrame(in header, payload.Length >= 4) || !connection.Spend(ControlBudget.Small + (payload.Length >> 8), "PRIORITY_UPDATE frames"))
        {
            return;
        }

        var id = (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFF_FFFF);
        if ((id & 1) == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "PRIORITY_UPDATE for a stream that is no request");
            return;
        }

        connection.Heads.OnPriorityUpdate(id, StreamPriority.Parse(payload[4..]));
    }

    private bool CheckConnectionFrame(in FrameHeader header, bool hasRightSize)
    {
        if (header.StreamId != 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "a frame of the connection on a stream");
            return false;
        }

        if (!hasRightSize)
        {
            connection.Fail(ErrorCode.FrameSizeError, "a frame of the connection has a wrong size");
        }

        return hasRightSize;
    }

    private bool CheckStreamFrame(in FrameHeader header, int size)
    {
        if (header.StreamId == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "a frame of a stream on stream 0");
            return false;
        }

        if (header.Length != size)
        {
            connection.Fail(ErrorCode.FrameSizeError, "a frame of a stream has a wrong size");
            return false;
        }

        return true;
    }
}
