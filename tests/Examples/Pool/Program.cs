using PipeServer.Workers;

var total = 0;
using (var pool = new WorkerPool(size: 4, capacity: 100))
{
    Array.ForEach([.. Enumerable.Range(1, 1000)], number =>
        pool.Execute(() => Interlocked.Add(ref total, number * number)));
}

Console.WriteLine($"The sum of the squares up to 1000 is {total}.");
