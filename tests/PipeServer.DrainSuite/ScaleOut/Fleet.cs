using System.Globalization;
using System.Net;
using System.Text.Json;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>
/// Clients that know nothing of what is behind the front end: each goes on, on one connection, until its input ends. Each line of input ends a phase: its
/// report is written as a line of JSON. Beside these, four times a second, a line says who has answered in this phase: <c>by a b c</c>.
/// </summary>
internal sealed class Fleet(IPEndPoint at, FleetOptions options)
{
    private const string NamesPrefix = "by";
    private static readonly TimeSpan NamesPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private volatile FleetPhase _phase = new();
    private volatile bool _isStopped;

    /// <summary>Runs them.</summary>
    public async Task RunAsync(TextReader input, TextWriter output)
    {
        var clients = Task.WhenAll(Enumerable.Range(0, options.Count).Select(number => Task.Run(() => RunClientAsync(number))));
        var reading = ReadLineAsync(input);
        while (true)
        {
            if (await Task.WhenAny(reading, Task.Delay(NamesPeriod)) != reading)
            {
                await output.WriteLineAsync($"{NamesPrefix} {string.Join(' ', _phase.Names())}");
                continue;
            }

            if (await reading is null)
            {
                break;
            }

            var ended = _phase;
            _phase = new FleetPhase();
            await output.WriteLineAsync(JsonSerializer.Serialize(ended.Report()));
            reading = ReadLineAsync(input);
        }

        _isStopped = true;
        await clients.WaitAsync(Patience);
        await output.WriteLineAsync(JsonSerializer.Serialize(_phase.Report()));
    }

    // The console's reader holds its caller up, also where it is asked to be asynchronous.
    private static Task<string?> ReadLineAsync(TextReader input) => Task.Run(input.ReadLine);

    private async Task RunClientAsync(int client)
    {
        var random = new Random(client);
        await PauseAsync(random);
        for (var number = 0; !_isStopped;)
        {
            var begun = FleetPhase.Now;
            using var connection = await Client.TryConnectAsync(at.Port, isTls: false, at.Address);
            if (connection is null)
            {
                _phase.AddNotConnected(begun);
                await PauseAsync(random);
                continue;
            }

            for (var isOpen = true; isOpen && !_isStopped; number++)
            {
                isOpen = await AskAsync(connection, string.Create(CultureInfo.InvariantCulture, $"{client}-{number}"));
                await PauseAsync(random);
            }
        }
    }

    // False when the connection is at its end.
    private async Task<bool> AskAsync(Client connection, string text)
    {
        var sent = FleetPhase.Now;
        var fate = RequestFate.Lost;
        try
        {
            fate = options.IsPost ? await connection.ExchangeAsync(Client.Post(options.Path, text), text) : await connection.ExchangeAsync(Client.Get(options.Path));
        }
        catch (TimeoutException)
        {
            // Without an answer within a minute: lost.
        }

        if (fate == RequestFate.RefusedBeforeSending)
        {
            return false; // the front end may end an idle connection
        }

        _phase.Add(fate, connection.Head, sent);
        return connection is { Head: not null, Body: not null, WasToldToClose: false };
    }

    private Task PauseAsync(Random random) =>
        options.PauseMilliseconds == 0 ? Task.CompletedTask : Task.Delay(random.Next(options.PauseMilliseconds / 2, (options.PauseMilliseconds * 3 / 2) + 1));
}
