namespace PipeServer.Fuzz;

/// <summary>Cuts a finding down to what is needed for it, by leaving out ever smaller pieces.</summary>
internal static class Minimizer
{
    public static async Task<byte[]> MinimizeAsync(byte[] input, Func<byte[], Task<bool>> isFinding)
    {
        for (var piece = Math.Max(1, input.Length / 2); piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= input.Length;)
            {
                byte[] smaller = [.. input.AsSpan(0, at), .. input.AsSpan(at + piece)];
                if (await isFinding(smaller))
                {
                    input = smaller;
                }
                else
                {
                    at += piece;
                }
            }
        }

        return input;
    }
}
