using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>
/// Closes a listening TCP socket to new clients without closing it (Linux). What close(2) finds in the backlog it resets, and the
/// handshakes under way with it: between a last accept and the close there is always room for one more client. Behind this filter
/// none begins a handshake any more, those that have begun one finish it, and the backlog runs empty for good.
/// </summary>
/// <remarks>
/// A client that comes meanwhile is not answered. Its system tries again a second later, and is refused then, or finds whoever listens next.
/// </remarks>
internal static partial class HandshakeFilter
{
    /// <summary>
    /// How long a handshake that has begun may take to finish: the way to a client and back, within a continent. It is the network's
    /// time, whatever clock the server has been given.
    /// </summary>
    public static readonly TimeSpan HandshakeTime = TimeSpan.FromMilliseconds(20);

    private const int SOL_SOCKET = 1;
    private const int SO_ATTACH_FILTER = 26;

    /// <summary>Drops every segment that opens a connection (SYN without ACK). False where the system has no such filter.</summary>
    /// <param name="listener">The socket, listening, and listened at by nobody else.</param>
    // SAFETY: the system copies the instructions during the call; they live on this stack frame.
    public static unsafe bool TryAttach(SafeHandle listener)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        // Classic BPF, as in linux/filter.h; a TCP socket's filter sees a segment from its TCP header on, whose flags are byte 13.
        var instructions = stackalloc Instruction[]
        {
            new(0x30, 0, 0, 13), // A = byte 13
            new(0x54, 0, 0, 0x12), // A &= SYN | ACK
            new(0x15, 0, 1, 0x02), // SYN alone?
            new(0x06, 0, 0, 0), // yes: keep nothing of it
            new(0x06, 0, 0, uint.MaxValue), // no: keep all of it
        };
        var program = new Program(5, instructions);
        return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(Program)) == 0;
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int setsockopt(SafeHandle descriptor, int level, int option, void* value, int length);

    // struct sock_filter
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte ifTrue, byte ifFalse, uint operand)
    {
        public readonly ushort Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint Operand = operand;
    }

    // struct sock_fprog
    [StructLayout(LayoutKind.Sequential)]
    private readonly unsafe struct Program(ushort length, Instruction* instructions)
    {
        public readonly ushort Length = length;
        public readonly Instruction* Instructions = instructions;
    }
}
