using Microsoft.Extensions.Logging;

namespace PipeServer.Cli;

/// <summary>What the command line said, checked.</summary>
/// <param name="Root">The folder to serve.</param>
/// <param name="Options">The server's options, all but the logger.</param>
/// <param name="Demo">Add the demo routes.</param>
/// <param name="ReportPath">Where to write the report on exit, or null.</param>
/// <param name="LogLevel">The lowest level that is logged.</param>
internal sealed record ServeSettings(
    string Root, HttpServerOptions Options, bool Demo, string? ReportPath, LogLevel LogLevel);
