using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What an event loop asks of the system: epoll and its eventfd. The man page of each call says what it takes and returns; all return
/// the result or a negated error number.
/// </summary>
/// <remarks>Numbers from the kernel's uapi headers; those used here are the same on x64 and arm64, but for those of <c>syscall</c>.</remarks>
internal static partial class EventCalls
{
    public const uint EPOLLIN = 0x1;
    public const uint EPOLLPRI = 0x2;
    public const uint EPOLLOUT = 0x4;
    public const uint EPOLLERR = 0x8;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLRDHUP = 0x2000;

    /// <summary>What tells that the other side is gone, or has ended its own direction.</summary>
    public const uint Ended = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

    public const uint EPOLLEXCLUSIVE = 1u << 28;
    public const uint EPOLLET = 1u << 31;

    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;

    /// <summary>One <c>struct epoll_event</c>: 12 bytes on x64, where the kernel packs it, 16 on arm64, where it does not.</summary>
    public static int EpollEventBytes => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int EpollDataOffset => EpollEventBytes - sizeof(ulong);

    private static nint SYS_epoll_pwait
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 281 : 22;
    }

    public static int EpollCreate(out Descriptor epoll)
    {
        var result = epoll_create1(EPOLL_CLOEXEC);
        epoll = new Descriptor(result);
        return Libc.OrError(result);
    }

    public static int EventFd(out Descriptor descriptor)
    {
        var result = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        descriptor = new Descriptor(result);
        return Libc.OrError(result);
    }

    // SAFETY: the event lives on this stack frame for the whole call, and has room for the larger of the two layouts.
    public static unsafe int EpollAdd(Descriptor epoll, Descriptor descriptor, uint events, ulong data)
    {
        var buffer = stackalloc byte[16];
        Unsafe.WriteUnaligned(buffer, events);
        Unsafe.WriteUnaligned(buffer + EpollDataOffset, data);
        var unused = 0;
        return Libc.Fault?.Invoke(SystemCall.EpollControl, ref unused) is < 0 and var error
            ? error
            : Libc.OrError(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, buffer));
    }

    /// <summary>Takes a descriptor out: of a file that other processes have open too, a close alone would not.</summary>
    // SAFETY: the call takes no event.
    public static unsafe int EpollRemove(Descriptor epoll, Descriptor descriptor) => Libc.OrError(epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, null));

    /// <summary>Waits for events. Takes the bare number: the loop's own thread waits, and nobody but that thread closes its epoll.</summary>
    // SAFETY: the caller's memory has room for as many events as it says, and stays where it is for the call.
    public static unsafe int EpollWait(int epoll, byte* events, int maxEvents, int timeoutMilliseconds)
    {
        var unused = 0;
        if (Libc.Fault?.Invoke(SystemCall.EpollWait, ref unused) is < 0 and var error)
        {
            return error;
        }

        // By number: glibc's epoll_wait also makes ready for a thread that is cancelled, which .NET's are not.
        var count = (int)epoll_pwait(SYS_epoll_pwait, epoll, events, maxEvents, timeoutMilliseconds, 0, 0);

        // On the way back from a wait the thread may have to let a garbage collection end, and what it calls for that may
        // overwrite errno. So a wait that has failed is made again, without waiting, by the call that keeps errno. What was wrong still is,
        // or there is a result after all.
        return count >= 0 ? count : WaitAgain(epoll, events, maxEvents);
    }

    // SAFETY: see EpollWait. Apart, because it is made nearly never, and its frame is large.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe int WaitAgain(int epoll, byte* events, int maxEvents) =>
        Libc.OrError((int)epoll_pwait_keeping_errno(SYS_epoll_pwait, epoll, events, maxEvents, 0, 0, 0));

    /// <summary>Reads the event at an index of what <see cref="EpollWait"/> filled.</summary>
    // SAFETY: the index is below what EpollWait has returned.
    public static unsafe (uint Events, ulong Data) EpollEvent(byte* events, int index)
    {
        var one = events + (index * EpollEventBytes);
        return (Unsafe.ReadUnaligned<uint>(one), Unsafe.ReadUnaligned<ulong>(one + EpollDataOffset));
    }

    // SAFETY: eight bytes on this stack frame, which is what an eventfd takes.
    public static unsafe void EventFdSignal(Descriptor eventFd)
    {
        var one = 1UL;
        _ = write(eventFd, &one, sizeof(ulong));
    }

    // SAFETY: eight bytes on this stack frame, which is what an eventfd gives.
    public static unsafe void EventFdClear(Descriptor eventFd)
    {
        ulong count;
        _ = read(eventFd, &count, sizeof(ulong));
    }

    /// <summary>Gives the core to whoever is waiting for it.</summary>
    public static void Yield() => _ = sched_yield();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see EpollAdd.
    private static unsafe partial int epoll_ctl(Descriptor epoll, int operation, Descriptor descriptor, byte* epollEvent);

    [LibraryImport("libc", EntryPoint = "syscall")]
    // SAFETY: see EpollWait.
    private static unsafe partial nint epoll_pwait(nint number, nint epoll, byte* events, nint maxEvents, nint timeout, nint mask, nint maskBytes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    // SAFETY: see EpollWait.
    private static unsafe partial nint epoll_pwait_keeping_errno(
        nint number, nint epoll, byte* events, nint maxEvents, nint timeout, nint mask, nint maskBytes);

    [LibraryImport("libc")]
    // SAFETY: see EventFdClear.
    private static unsafe partial nint read(Descriptor descriptor, void* buffer, nuint length);

    [LibraryImport("libc")]
    // SAFETY: see EventFdSignal.
    private static unsafe partial nint write(Descriptor descriptor, void* buffer, nuint length);

    [LibraryImport("libc")]
    private static partial int sched_yield();
}
