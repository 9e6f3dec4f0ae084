namespace PipeServer.Tests.Support;

/// <summary>Waits for a condition that nothing signals, with a deadline.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TestClient.Patience, $"Not in time: {what}");
            await Task.Delay(5);
        }
    }
}
