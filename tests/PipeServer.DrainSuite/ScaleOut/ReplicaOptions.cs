namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>How the servers of a lab are started.</summary>
/// <param name="Program">The file of the program <c>pipeserver</c> that can be started by itself.</param>
/// <param name="HasProxyProtocol">Each connection begins with a PROXY header; otherwise X-Forwarded-For names clients.</param>
/// <param name="DrainDelay">Their <c>--drain-delay</c>, in seconds.</param>
/// <param name="Workers">Their <c>--workers</c>.</param>
/// <param name="Queue">Their <c>--queue</c>.</param>
internal sealed record ReplicaOptions(string Program, bool HasProxyProtocol, double DrainDelay = 2, int Workers = 4, int Queue = 4096);
