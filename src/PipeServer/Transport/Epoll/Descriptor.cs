using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// Owns one file descriptor: it is closed once, and if its owner is forgotten, by the finalizer. A call that is given this
/// object keeps it open until it returns, so that no call can reach an unrelated file that gets the same number next.
/// </summary>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    public Descriptor()
        : base(ownsHandle: true)
    {
    }

    public Descriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>For calls whose caller owns this object and is the only one to dispose of it.</summary>
    public int Number => (int)handle;

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
