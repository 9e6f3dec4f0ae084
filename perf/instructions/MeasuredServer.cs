namespace PipeServer.Instructions;

/// <summary>The programs that are counted.</summary>
internal enum MeasuredServer
{
    /// <summary><c>pipeserver serve --demo</c>, the product.</summary>
    CommandLine,

    /// <summary>The library with one route and no fallback (perf/instructions/router).</summary>
    Router,

    /// <summary>nginx, one process.</summary>
    Nginx,
}
