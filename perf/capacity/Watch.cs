using System.Diagnostics;

namespace PipeServer.Capacity;

/// <summary>What a server and the kernel take for connections: made before they are opened, asked again when they are, and at the end.</summary>
internal sealed class Watch
{
    private readonly MeasuredServer _server;
    private readonly int _connections;
    private readonly long _memoryBefore;
    private readonly double? _kernelBefore = KernelMemory.SlabBytes();
    private readonly Stopwatch _clock = new();
    private double _each;
    private double _kernel;
    private long _cpu;

    /// <param name="server">Is there, and warm.</param>
    /// <param name="connections">So many will be opened.</param>
    public Watch(MeasuredServer server, int connections)
    {
        _server = server;
        _connections = connections;
        _memoryBefore = server.MemoryKilobytes;
    }

    /// <summary>All are open, and have settled.</summary>
    public void Opened()
    {
        _each = (double)(_server.MemoryKilobytes - _memoryBefore) / _connections;
        _kernel = KernelMemory.SlabBytes() - _kernelBefore is { } bytes ? bytes / 2 / 1024 / _connections : double.NaN;
        _cpu = _server.CpuMicroseconds;
        _clock.Start();
    }

    /// <summary>
    /// The figures: KB a connection of the server, KB of the kernel, CPU ms a second per thousand connections and in all, MB of the server, threads, maps.
    /// </summary>
    public double[] Over()
    {
        var spent = (_server.CpuMicroseconds - _cpu) / 1000.0 / _clock.Elapsed.TotalSeconds;
        return [_each, _kernel, spent * 1000 / _connections, spent, _server.MemoryKilobytes / 1024.0, _server.Threads, _server.Maps];
    }
}
