namespace PipeServer.Transport.Epoll;

/// <summary>What <see cref="Libc"/> asks before a call, on whatever thread makes it.</summary>
/// <param name="call">The call.</param>
/// <param name="length">How many bytes it is to take or give; can be made smaller.</param>
/// <returns>0 to go on, or the negated error number that the call is to fail with instead of being made.</returns>
internal delegate int SystemCallFault(SystemCall call, ref int length);
