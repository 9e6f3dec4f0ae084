namespace PipeServer.Load;

/// <summary>The figures that have aims.</summary>
internal enum Metric
{
    /// <summary>Processor time a request.</summary>
    Cpu,

    /// <summary>Requests a second.</summary>
    Rate,

    /// <summary>Milliseconds from the start of the process to its first answer.</summary>
    Start,

    /// <summary>Resident memory after the first answer.</summary>
    Resident,

    /// <summary>Memory an idle connection.</summary>
    Idle,

    /// <summary>Processor time of idle connections that are pinged, of one core's.</summary>
    IdleCpu,
}
