using System.Net.WebSockets;
using System.Text;

namespace PipeServer.WebSockets;

/// <summary>One offer of permessage-deflate (RFC 7692 §7.1).</summary>
internal sealed class DeflateOffer
{
    private const int LargestWindow = 15;
    private const int SmallestWindow = 8;

    // Of zlib, whose window of 8 bits is one of 9 in truth.
    private const int SmallestOwnWindow = 9;

    private bool _serverNoContextTakeover;
    private bool _clientNoContextTakeover;
    private int _serverWindow; // 0: not named
    private int _clientWindow;
    private bool _hasClientWindow;

    /// <summary>Takes a parameter; false when the offer is to be declined because of it: unknown, there twice, or with a value that it cannot have.</summary>
    public bool TryAdd(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool hasValue)
    {
        if (name.SequenceEqual("server_no_context_takeover"u8))
        {
            var isFirst = !_serverNoContextTakeover;
            _serverNoContextTakeover = true;
            return isFirst && !hasValue;
        }

        if (name.SequenceEqual("client_no_context_takeover"u8))
        {
            var isFirst = !_clientNoContextTakeover;
            _clientNoContextTakeover = true;
            return isFirst && !hasValue;
        }

        if (name.SequenceEqual("server_max_window_bits"u8))
        {
            return _serverWindow == 0 && hasValue && TryReadBits(value, out _serverWindow);
        }

        if (name.SequenceEqual("client_max_window_bits"u8) && !_hasClientWindow)
        {
            _hasClientWindow = true;
            return !hasValue || TryReadBits(value, out _clientWindow);
        }

        return false;
    }

    /// <summary>Accepts the offer, if it can be met.</summary>
    /// <param name="wanted">What the application wants: windows as large as this at most, and contexts kept only if it keeps them.</param>
    /// <param name="response">What the client is told.</param>
    /// <returns>What was agreed on, or null.</returns>
    public WebSocketDeflateOptions? Accept(WebSocketDeflateOptions wanted, out string? response)
    {
        response = null;
        var server = _serverWindow == 0 ? wanted.ServerMaxWindowBits : Math.Min(_serverWindow, wanted.ServerMaxWindowBits);
        if (server < SmallestOwnWindow || (!_hasClientWindow && wanted.ClientMaxWindowBits < LargestWindow))
        {
            return null; // a client that has not said that it can use a smaller window cannot be asked to
        }

        var client = !_hasClientWindow || _clientWindow == 0 ? wanted.ClientMaxWindowBits : Math.Min(_clientWindow, wanted.ClientMaxWindowBits);
        var options = new WebSocketDeflateOptions
        {
            ServerContextTakeover = wanted.ServerContextTakeover && !_serverNoContextTakeover,
            ClientContextTakeover = wanted.ClientContextTakeover && !_clientNoContextTakeover,
            ServerMaxWindowBits = server,
            ClientMaxWindowBits = Math.Max(client, SmallestOwnWindow),
        };
        var text = new StringBuilder("permessage-deflate");
        text.Append(options.ServerContextTakeover ? "" : "; server_no_context_takeover");
        text.Append(options.ClientContextTakeover ? "" : "; client_no_context_takeover");
        if (server < LargestWindow || _serverWindow != 0)
        {
            text.Append("; server_max_window_bits=").Append(server);
        }

        // A client that has said 8 keeps to that by itself (RFC 7692 §7.1.2.2), and 9 must not be asked of it.
        if (_hasClientWindow && client is >= SmallestOwnWindow and < LargestWindow)
        {
            text.Append("; client_max_window_bits=").Append(client);
        }

        response = text.ToString();
        return options;
    }

    // Decimal digits without a zero before them.
    private static bool TryReadBits(ReadOnlySpan<byte> value, out int bits)
    {
        bits = value.Length switch
        {
            1 => value[0] - '0',
            2 when value[0] == '1' && value[1] is >= (byte)'0' and <= (byte)'9' => 10 + value[1] - '0',
            _ => 0,
        };
        return bits is >= SmallestWindow and <= LargestWindow;
    }
}
