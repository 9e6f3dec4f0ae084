namespace PipeServer.Perf;

/// <summary>Something that the person at the keyboard can mend; the message says how.</summary>
internal sealed class MeasurementException(string message) : Exception(message);
