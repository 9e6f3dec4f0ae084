using System.Security.Cryptography;

namespace PipeServer.Fuzz;

/// <summary>One connection of a client that encrypts what it likes: what is allowed and strange, and at some time perhaps what is not.</summary>
internal sealed class EncryptedAttack(Tls13Client client, TlsAnswers answers, Random random)
{
    private const byte CloseNotify = 0;
    private const byte UserCanceled = 90;
    private const byte Warning = 1;

    // Of each only so many as every implementation takes.
    private int _canceled;
    private string _last = "nothing";
    private bool _isFlooded;

    /// <summary>Something was not allowed: the server may end it, and answers nothing that came later.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The server has ended it without saying so.</summary>
    public bool HasNoCloseNotify { get; private set; }

    public async Task RunAsync()
    {
        await client.HandshakeAsync(random.Next(3) == 0 ? left => Math.Min(left, random.Next(1, 40)) : null);
        var reading = ReadAsync();
        for (var count = random.Next(1, 10); count > 0 && !_isFlooded; count--)
        {
            await (random.Next(8) switch
            {
                <= 3 => RequestAsync(),
                4 => UpdateKeysAsync(),
                5 => CancelAsync(),
                6 => EmptyAsync(),
                _ => random.Next(3) == 0 ? BreakAsync() : RequestAsync(),
            });
        }

        await client.SendAsync(Tls13Client.Alert, new byte[] { Warning, CloseNotify });
        await reading;
    }

    public override string ToString() => _last;

    // In records of any size, with zeros behind or with none.
    private async Task RequestAsync()
    {
        var isAnswered = !IsBroken;
        var bytes = TlsCheck.Request(isAnswered ? answers : new TlsAnswers(), random);
        var largest = random.Next(3) switch { 0 => 5, 1 => 500, _ => 16_000 };
        _last = $"a request in records of up to {largest}";
        await client.SendAsync(
            Tls13Client.ApplicationData, bytes, random.Next(3) == 0 ? random.Next(300) : 0, left => Math.Min(left, largest == 5 && left > 2000 ? 2000 : random.Next(1, largest)));
    }

    private async Task UpdateKeysAsync()
    {
        _last = "key updates";
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            await client.UpdateKeyAsync(random.Next(2) == 0);
        }

        await RequestAsync();
    }

    private async Task CancelAsync()
    {
        if (_canceled++ < 3)
        {
            _last = "user_canceled";
            await client.SendAsync(Tls13Client.Alert, new byte[] { Warning, UserCanceled });
        }
    }

    private async Task EmptyAsync()
    {
        _last = "empty records";
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            await client.SendAsync(Tls13Client.ApplicationData, ReadOnlyMemory<byte>.Empty, random.Next(2) * 100);
        }

        await RequestAsync();
    }

    private async Task BreakAsync()
    {
        var which = random.Next(13);
        _last = $"break {which}";
        IsBroken = true;
        await (which switch
        {
            0 => client.SendForgedAsync(RandomNumberGenerator.GetBytes(20)),
            1 => client.SendInnerAsync(new byte[random.Next(1, 100)]),
            2 => client.SendInnerAsync(ReadOnlyMemory<byte>.Empty),
            3 => client.SendAsync((byte)random.Next(24, 256), RandomNumberGenerator.GetBytes(10)),
            4 => client.SendAsync(Tls13Client.Alert, new byte[] { 2, (byte)random.Next(10, UserCanceled) }),
            5 => client.SendAsync(Tls13Client.Handshake, client.ClientHello()), // renegotiation
            6 => client.SendAsync(Tls13Client.Handshake, Tls13Client.Message((byte)random.Next(30), new byte[random.Next(50)])),
            7 => client.SendInnerAsync(new byte[(1 << 14) + 300]),
            8 => client.SendPlainAsync(Tls13Client.ApplicationData, "GET / HTTP/1.1\r\n\r\n"u8.ToArray()),
            9 => client.SendPlainAsync(Tls13Client.Handshake, client.ClientHello()),
            10 => FloodAsync(() => client.UpdateKeyAsync(true)),
            11 => FloodAsync(() => client.SendAsync(Tls13Client.ApplicationData, ReadOnlyMemory<byte>.Empty)),
            _ => FloodAsync(() => client.SendAsync(Tls13Client.Alert, new byte[] { Warning, UserCanceled })),
        });

        // A flood may be borne, and what follows answered: so nothing follows that could be.
        _isFlooded = which >= 10;
        for (var count = _isFlooded ? 0 : random.Next(3); count > 0; count--)
        {
            await RequestAsync();
        }
    }

    private async Task FloodAsync(Func<Task> send)
    {
        for (var count = random.Next(100, 1000); count > 0; count--)
        {
            await send();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var isToldToClose = false;
            while (await client.ReceiveAsync() is var (type, content))
            {
                if (type == Tls13Client.ApplicationData)
                {
                    answers.Add(content);
                }

                isToldToClose |= type == Tls13Client.Alert && content is [_, CloseNotify];
            }

            HasNoCloseNotify = !isToldToClose && !IsBroken;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException && IsBroken)
        {
            // It is to end, however.
        }
    }
}
