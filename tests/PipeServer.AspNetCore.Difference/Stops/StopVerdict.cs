namespace Difference.Stops;

/// <summary>Tells how the stops went, and checks it where PipeServer has served.</summary>
internal static class StopVerdict
{
    /// <summary>Checks.</summary>
    /// <param name="name">Of the clients.</param>
    /// <param name="record">What has become of their work.</param>
    /// <param name="mayLose">What is under way at a stop may be cut off: by the application, not by its server.</param>
    /// <param name="mayHang">A request may last to the end of the grace period, because the application does not end it.</param>
    /// <param name="applications">Who was stopped.</param>
    public static void Check(string name, WorkRecord record, bool mayLose, bool mayHang, params StoppableApplication[] applications)
    {
        var stops = applications.Sum(static application => application.Stops);
        var unclean = applications.Sum(static application => application.UncleanStops);
        var longest = applications.Max(static application => application.LongestStop).TotalSeconds;
        var server = StopSettings.IsKestrel ? "Kestrel" : "PipeServer";
        var line = FormattableString.Invariant($"stops: {server}, {name}: {stops} stops, the longest {longest:F1} s, {unclean} not clean; {record}");
        TestContext.Current.TestOutputHelper!.WriteLine(line);
        if (StopSettings.IsKestrel)
        {
            return;
        }

        Assert.True(
            record is { Wrong: 0, Repeated: 0, Answered: > 0 } && (mayHang || unclean == 0) && (mayLose || record is { Lost: 0, Unheard: 0 }),
            $"{line}\n{string.Join('\n', applications.Select(static application => application.Complaints))}");
    }
}
