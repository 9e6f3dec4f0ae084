using System.Security.Cryptography;

namespace PipeServer.Fuzz;

/// <summary>Records that no good client sends, at least not where they are put: none is encrypted.</summary>
internal static class StrangeRecords
{
    private const int MaxContent = 1 << 14;

    /// <summary>One or many of them.</summary>
    public static byte[] Next(Random random) => random.Next(12) switch
    {
        // Floods: alerts, empty records of each type, change_cipher_spec.
        0 => Repeat(Tls13Client.Record(Tls13Client.Alert, [1, (byte)random.Next(120)]), random.Next(1, 400)),
        1 => Repeat(Tls13Client.Record((byte)(20 + random.Next(5)), []), random.Next(1, 400)),
        2 => Repeat(Tls13Client.Record(Tls13Client.ChangeCipherSpec, [1]), random.Next(1, 400)),
        3 => Tls13Client.Record(Tls13Client.Alert, [2, (byte)random.Next(120)]),

        // Larger than the protocol allows, in truth and by what they say.
        4 => Tls13Client.Record((byte)(20 + random.Next(5)), new byte[MaxContent + random.Next(1, 2000)]),
        5 => [(byte)(20 + random.Next(5)), 3, 3, 0xFF, 0xFF, .. RandomNumberGenerator.GetBytes(random.Next(200))],

        // Another ClientHello, HelloRequest, or a message that says it is huge.
        6 => Hello(),
        7 => Tls13Client.Record(Tls13Client.Handshake, [0, 0, 0, 0]),
        8 => Tls13Client.Record(Tls13Client.Handshake, [(byte)random.Next(30), 0xFF, 0xFF, 0xFF, .. new byte[random.Next(100)]]),

        // Heartbeats and types that there are not, versions that there are not.
        9 => Tls13Client.Record((byte)random.Next(256), RandomNumberGenerator.GetBytes(random.Next(300))),
        10 => [(byte)(20 + random.Next(5)), (byte)random.Next(256), (byte)random.Next(256), 0, 10, .. RandomNumberGenerator.GetBytes(10)],
        _ => RandomNumberGenerator.GetBytes(random.Next(1, 3000)),
    };

    /// <summary>A good ClientHello in one record.</summary>
    public static byte[] Hello()
    {
        using var client = new Tls13Client(Stream.Null);
        return Tls13Client.Record(Tls13Client.Handshake, client.ClientHello());
    }

    private static byte[] Repeat(byte[] record, int count) => [.. Enumerable.Repeat(record, count).SelectMany(static item => item)];
}
