using System.Runtime.CompilerServices;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// Who gets the events of which registration. Registrations lie in slots with a generation: an event that comes late, when its descriptor
/// is closed and the slot perhaps another's, finds nobody. From any thread; <see cref="Find"/> takes no lock.
/// </summary>
internal sealed class HandlerTable
{
    private const int FirstSlots = 64;

    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new(FirstSlots); // always room for all slots: giving one back needs no memory
    private Slot[] _slots = new Slot[FirstSlots]; // replaced by a longer one under the lock; Find reads it without
    private int _used;

    /// <summary>How many slots have ever been in use: the indices of <see cref="Lose(int)"/> are below it.</summary>
    public int Used => _used;

    /// <summary>How many are in use now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _used - _free.Count;
            }
        }
    }

    /// <summary>Takes a slot.</summary>
    /// <returns>Its key, never below 2^32: generations start at 1.</returns>
    public ulong Add(IEventHandler handler)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var index))
            {
                if (_used == _slots.Length)
                {
                    var longer = new Slot[_slots.Length * 2];
                    _free.EnsureCapacity(longer.Length);
                    _slots.CopyTo(longer, 0);
                    Volatile.Write(ref _slots, longer);
                }

                index = _used++; // only now: what is thrown above must not cost the table a slot that it has not got
            }

            ref var slot = ref _slots[index];
            Volatile.Write(ref slot.Generation, Math.Max(1, unchecked(slot.Generation + 1)));
            Volatile.Write(ref slot.Handler, handler);
            return ((ulong)slot.Generation << 32) | (uint)index;
        }
    }

    /// <summary>Gives a slot back. Nothing happens when that was done before.</summary>
    public void Remove(ulong key)
    {
        var index = (int)(uint)key;
        lock (_lock)
        {
            ref var slot = ref _slots[index];
            if (slot.Generation == (uint)(key >> 32) && slot.Handler is not null)
            {
                Volatile.Write(ref slot.Handler, null);
                _free.Push(index);
            }
        }
    }

    /// <summary>Whose slot it is; null when it was given back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IEventHandler? Find(ulong key)
    {
        ref var slot = ref Volatile.Read(ref _slots)[(int)(uint)key];

        // The handler first: if the generation is still right after that, so was the handler.
        var handler = Volatile.Read(ref slot.Handler);
        return Volatile.Read(ref slot.Generation) == (uint)(key >> 32) ? handler : null;
    }

    /// <summary>Tells a handler that its other side is gone, or has ended its direction: under the lock, so that the slot is still its own.</summary>
    public void HangUp(ulong key, uint events)
    {
        lock (_lock)
        {
            Find(key)?.OnHangUp(events);
        }
    }

    /// <summary>
    /// Tells a handler that no event will come any more. Under the lock too: it may be about to leave, and its object soon serve another
    /// connection.
    /// </summary>
    public void Lose(ulong key)
    {
        lock (_lock)
        {
            Find(key)?.OnLost();
        }
    }

    /// <summary>The same, for whoever has the slot at this index.</summary>
    public void Lose(int index)
    {
        lock (_lock)
        {
            _slots[index].Handler?.OnLost();
        }
    }

    /// <summary>A registration. The generation tells it from earlier ones whose events may still be on their way.</summary>
    private struct Slot
    {
        public IEventHandler? Handler;
        public uint Generation;
    }
}
