using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>
/// The load generator of one request a connection, clients/connections.c. wrk closes such a connection before the server does, so TIME_WAIT
/// is the client's, and beyond 28,232 connections a second there is no port left; this one waits for the server's end.
/// </summary>
internal static class ShortConnections
{
    public static Task<LoadFigures> RunAsync(
        string program, Workload workload, int port, string path, TimeSpan duration, Placement placement, CancellationToken cancellation) =>
        RunAsync(program, $"{placement.ClientCores}", "", workload, port, path, duration, placement, cancellation);

    /// <summary>The same with a TLS handshake for each request: clients/handshakes.c.</summary>
    public static Task<LoadFigures> RunTlsAsync(
        string program, Workload workload, int port, string path, TimeSpan duration, Placement placement, CancellationToken cancellation)
    {
        var kind = workload.Tls == TlsUse.Resumed ? "resumed" : "new";
        return RunAsync(program, kind, $" by a {kind} session", workload, port, path, duration, placement, cancellation);
    }

    /// <summary>Opens so many connections, 64 at once, and reads each answer.</summary>
    /// <exception cref="MeasurementException">Not all were whole answers.</exception>
    public static async Task OpenAsync(string program, int port, string path, int connections, CancellationToken cancellation)
    {
        var output = await ExternalProgram.CaptureAsync(cancellation, program, $"{port}", path, "64", "1", "0", $"{connections}");
        if (Parse(output) is not { Errors: false } figures || figures.Requests != connections)
        {
            throw new MeasurementException($"not all of {connections} connections had whole answers: {output.Trim()}");
        }
    }

    /// <summary>Reads the line that the program prints: connections, seconds, both percentiles in microseconds, errors.</summary>
    /// <exception cref="MeasurementException">It is not such a line.</exception>
    public static LoadFigures Parse(string output)
    {
        var fields = output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5 || fields.Any(static field => !double.TryParse(field, CultureInfo.InvariantCulture, out _)))
        {
            throw new MeasurementException($"the client of one request a connection said something unexpected: {output}");
        }

        var numbers = fields.Select(static field => double.Parse(field, CultureInfo.InvariantCulture)).ToList();
        return new LoadFigures((long)numbers[0], numbers[0] / numbers[1], numbers[2] / 1000, numbers[3] / 1000, Errors: numbers[4] > 0);
    }

    // The fourth argument is the one that the two programs differ in.
    private static async Task<LoadFigures> RunAsync(
        string program, string fourth, string session, Workload workload, int port, string path, TimeSpan duration, Placement placement,
        CancellationToken cancellation)
    {
        var figures = Parse(await ExternalProgram.CaptureAsync(
            cancellation, [.. placement.Client, program, $"{port}", path, $"{workload.Connections}", fourth, $"{(int)duration.TotalSeconds}"]));
        if (figures.Errors)
        {
            Console.WriteLine($"    {Path.GetFileName(program)}: some were no whole answers with 200{session}");
        }

        return figures;
    }
}
