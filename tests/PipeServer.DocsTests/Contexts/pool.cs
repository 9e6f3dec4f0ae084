using PipeServer.Workers;

using var pool = new WorkerPool(size: 4, capacity: 100);
// The block stands here.
