namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What clients have counted in one phase. A request belongs to the phase in which it ended. Times are Unix milliseconds, lengths milliseconds.</summary>
internal sealed record FleetReport
{
    /// <summary>When the phase began.</summary>
    public long Since { get; init; }

    /// <summary>When it ended.</summary>
    public long Until { get; init; }

    /// <summary>Whole answers by status: those of 200 had the right body.</summary>
    public Dictionary<int, int> Statuses { get; init; } = [];

    /// <summary>Requests whose connection ended in order without a whole answer, or with a wrong one.</summary>
    public int Lost { get; init; }

    /// <summary>Requests whose connection was reset.</summary>
    public int Reset { get; init; }

    /// <summary>Connects that were refused or reset.</summary>
    public int NotConnected { get; init; }

    /// <summary>Answers of 503 with a Retry-After.</summary>
    public int WithRetryAfter { get; init; }

    /// <summary>When the first of all failed requests was sent; 0 without one. An answer that is not 200 is a failed one.</summary>
    public long FirstFailed { get; init; }

    /// <summary>When the last of all failed requests was sent.</summary>
    public long LastFailed { get; init; }

    /// <summary>When the last of them was known to have failed.</summary>
    public long LastFailureEnded { get; init; }

    /// <summary>What an answer that is not 200 took.</summary>
    public Times Failures { get; init; } = Times.None;

    /// <summary>What an answer of 200 took, by the name of its server.</summary>
    public Dictionary<string, Times> Servers { get; init; } = [];

    /// <summary>Answers of 200.</summary>
    public int Answered => Statuses.GetValueOrDefault(200);

    /// <summary>Everything else.</summary>
    public int Failed => Statuses.Where(static status => status.Key != 200).Sum(static status => status.Value) + Lost + Reset + NotConnected;

    /// <summary>Answers of 200 in a second.</summary>
    public double PerSecond => Answered * 1000.0 / Math.Max(1, Until - Since);

    /// <summary>So many numbers, in short.</summary>
    /// <param name="Count">How many.</param>
    /// <param name="Median">Half of them take at most this long.</param>
    /// <param name="P99">99 of a hundred.</param>
    /// <param name="Longest">All of them.</param>
    internal sealed record Times(int Count, double Median, double P99, double Longest)
    {
        /// <summary>Nothing was timed.</summary>
        public static Times None { get; } = new(0, 0, 0, 0);

        /// <summary>Of these.</summary>
        public static Times Of(List<double> all)
        {
            all.Sort();
            return all.Count == 0 ? None : new Times(all.Count, Round(all[all.Count / 2]), Round(all[Math.Min(all.Count - 1, all.Count * 99 / 100)]), Round(all[^1]));
        }

        private static double Round(double milliseconds) => Math.Round(milliseconds, 1);
    }
}
