using PipeServer.Workers;

var total = 0;
using (var pool = new WorkerPool(size: 4, capacity: 100))
{
    for (var number = 1; number <= 1000; number++)
    {
        var square = number * number;
        pool.Execute(() => Interlocked.Add(ref total, square));
    }
}

Console.WriteLine($"The sum of the squares up to 1000 is {total}.");
