namespace PipeServer.Diagnostics;

/// <summary>How an event becomes a line. May be called from any thread.</summary>
internal interface ILineFormat
{
    /// <summary>The line, without its end. What would end it early is escaped by whoever writes it.</summary>
    string Format(in LogEvent logged);
}
