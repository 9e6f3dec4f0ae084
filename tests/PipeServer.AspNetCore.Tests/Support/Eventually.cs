using System.Diagnostics;

namespace PipeServer.AspNetCore.Tests.Support;

/// <summary>Waits for what nobody tells of, with a deadline.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < ApplicationHost.Patience, $"In vain waited for: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }
}
