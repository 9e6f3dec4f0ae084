namespace PipeServer.Perf;

/// <summary>The programs that are published natively to be measured.</summary>
internal enum NativeProgram
{
    /// <summary><c>pipeserver</c>, the product; measured as <c>serve --demo</c>.</summary>
    CommandLine,

    /// <summary>The library with one route and no fallback (perf/instructions/router).</summary>
    Router,

    /// <summary>The library with a handler that goes to the .NET thread pool (perf/load/peers/ThreadPool).</summary>
    ThreadPool,

    /// <summary>The smallest Kestrel program (perf/load/peers/Kestrel).</summary>
    Kestrel,
}
