using System.Runtime.CompilerServices;

namespace PipeServer.Platform;

/// <summary>
/// What has arrived from one client in one piece, and is taken on one thread without a wait: whoever has looked at the world outside once meanwhile need not
/// look again. A change after that look is one that came beside these requests, none of which is answered before all of them are read.
/// </summary>
internal static class ThreadTurn
{
    private static readonly object Nothing = new();

    [ThreadStatic]
    private static object? _seen; // null: no turn

    /// <summary>A piece is taken from here on, on this thread.</summary>
    public static void Begin() => _seen = Nothing;

    /// <summary>It has been.</summary>
    public static void End() => _seen = null;

    /// <summary>Whether this has to be looked at: outside of a turn always, within one when it is not what was looked at last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MustLook(object what) => _seen is not { } seen || MustLookWithin(what, seen);

    private static bool MustLookWithin(object what, object seen)
    {
        _seen = what;
        return seen != what;
    }
}
