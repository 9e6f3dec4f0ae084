using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

public sealed class ParkingTests
{
    private readonly Fake _fake = new();
    private readonly Parking<Operation, int> _parking;

    public ParkingTests() => _fake.Parking = _parking = new Parking<Operation, int>(new Operation(_fake));

    [Fact]
    public async Task An_event_completes_a_parked_operation()
    {
        var waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        Assert.True(_parking.IsParked);
        Assert.False(waiting.IsCompleted);
        _fake.Bring(7);
        _parking.Signal();
        Assert.Equal(7, await waiting.WaitAsync(TestClient.Patience));
        Assert.False(_parking.IsParked);
        Assert.False(_parking.IsPending);
    }

    [Fact]
    public async Task An_event_for_nothing_leaves_it_parked()
    {
        var waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        _parking.Signal();
        Assert.True(_parking.IsParked);
        _fake.Bring(1);
        _parking.Signal();
        Assert.Equal(1, await waiting.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task An_event_before_anybody_waits_is_not_lost()
    {
        var operation = _parking.StartAsync(CancellationToken.None);
        _fake.Bring(3);
        _parking.Signal();
        Assert.False(_parking.IsParked);
        Assert.Equal(3, await operation);
    }

    [Fact]
    public async Task A_cancellation_and_an_abort_and_a_token_each_end_the_wait()
    {
        var waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        _parking.Cancel();
        Assert.Equal(Fake.Canceled, await waiting.WaitAsync(TestClient.Patience));

        waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        _fake.IsAborted = true;
        _parking.Interrupt();
        Assert.Equal(Fake.Aborted, await waiting.WaitAsync(TestClient.Patience));
        _fake.IsAborted = false;

        using var source = new CancellationTokenSource();
        waiting = _parking.StartAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TestClient.Patience));
        Assert.Equal(1, _fake.Cancellations);
    }

    [Fact]
    public async Task An_operation_whose_turn_is_over_lets_others_go_first()
    {
        _fake.IsTurnOver = true;
        _fake.Bring(5);
        var waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, _fake.Yields);
        _parking.Resume();
        Assert.Equal(5, await waiting.WaitAsync(TestClient.Patience));
    }

    // What was thrown where the operation parks went to whoever had awaited it just now, where the runtime cannot hand it on and ends the
    // process; or to the waker, and the operation was left neither parked nor completed.
    [Theory]
    [InlineData(nameof(Fake.OnParking))]
    [InlineData(nameof(Fake.OnYield))]
    [InlineData(nameof(Fake.OnGoingOn))]
    public async Task What_is_thrown_while_it_parks_or_is_woken_completes_it(string where)
    {
        _fake.IsTurnOver = where == nameof(Fake.OnYield);
        _fake.Throws = where;
        var waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        if (where == nameof(Fake.OnGoingOn))
        {
            Assert.False(waiting.IsCompleted);
            _parking.Signal();
        }

        await Assert.ThrowsAsync<OutOfMemoryException>(() => waiting.WaitAsync(TestClient.Patience));
        Assert.False(_parking.IsParked || _parking.IsPending);

        _fake.Throws = null;
        waiting = _parking.StartAsync(CancellationToken.None).AsTask();
        _fake.Bring(6);
        _parking.Signal();
        Assert.Equal(6, await waiting.WaitAsync(TestClient.Patience));
    }

    // Whoever wakes, and whenever: between the look and the park, while it parks, twice at once. Each value arrives, none twice.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task No_wake_up_is_lost_in_ten_thousand_races()
    {
        var rounds = Stress.Rounds(10_000);
        using var start = new SemaphoreSlim(0);
        var random = new Random(3);
        var waker = OwnThread.Run(() =>
        {
            for (var round = 1; round <= rounds; round++)
            {
                start.Wait();
                Thread.SpinWait(random.Next(200));
                _fake.Bring(round);
                _parking.Signal();
            }
        });
        for (var round = 1; round <= rounds; round++)
        {
            start.Release();
            Thread.SpinWait(round % 200);
            var value = await _parking.StartAsync(CancellationToken.None).AsTask().WaitAsync(TestClient.Patience);
            Assert.Equal(round, value);
        }

        await waker.WaitAsync(TestClient.Patience);
    }

    private sealed class Fake
    {
        public const int Canceled = -1;
        public const int Aborted = -2;

        private int _value;
        private int _taken;

        public bool IsAborted { get; set; }

        public Parking<Operation, int>? Parking { get; set; }

        public bool IsTurnOver { get; set; }

        public int Cancellations { get; set; }

        public int Yields { get; set; }

        public string? Throws { get; set; }

        public void OnParking() => ThrowIf(nameof(OnParking));

        public void OnGoingOn() => ThrowIf(nameof(OnGoingOn));

        public void OnYield()
        {
            Yields++;
            ThrowIf(nameof(OnYield));
        }

        public void Bring(int value) => Volatile.Write(ref _value, value);

        public bool TryTake()
        {
            _taken = Interlocked.Exchange(ref _value, 0);
            return _taken != 0;
        }

        private void ThrowIf(string where)
        {
            if (Throws == where)
            {
                throw NoMemory.MadeUp();
            }
        }

        public int Taken => IsAborted ? Aborted : _taken == 0 ? Canceled : _taken;
    }

    private readonly struct Operation(Fake fake) : IParkedOperation<int>
    {
        public bool IsAborted => fake.IsAborted;

        // As the reader does it: a cancellation or an abort is a result too.
        public bool TryComplete() => fake.TryTake() || fake.IsAborted || fake.Parking!.IsCancelRequested;

        public int TakeResult()
        {
            _ = fake.Parking!.TakeCancelRequest();
            return fake.Taken;
        }

        public void OnSignal()
        {
            // Nothing to note.
        }

        public void OnCanceled() => fake.Cancellations++;

        public void OnParking() => fake.OnParking();

        public bool TryGoOn(ReceiveBlock? loop)
        {
            fake.OnGoingOn();
            return false;
        }

        public bool EndTurn()
        {
            var isOver = fake.IsTurnOver;
            fake.IsTurnOver = false;
            return isOver;
        }

        public void Yield() => fake.OnYield();
    }
}
