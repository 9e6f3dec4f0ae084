using System.Net.WebSockets;
using System.Text;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>What a <see cref="WebSocketAcceptOptions"/> says, checked once, and in the form in which it is used. Immutable.</summary>
internal sealed class WebSocketRules
{
    /// <exception cref="ArgumentException">A value is not one that can be used.</exception>
    public WebSocketRules(WebSocketAcceptOptions options)
    {
        SubProtocols =
        [
            .. Checked(options.SubProtocols, nameof(options.SubProtocols)).Select(static name => new SubProtocol(name, Encoding.Latin1.GetBytes(name))),
        ];
        foreach (var name in options.SubProtocols)
        {
            if (!name.All(char.IsAscii) || !HttpCharacters.IsToken(Encoding.Latin1.GetBytes(name)))
            {
                throw Wrong(nameof(options.SubProtocols), $"'{name}' is no token: letters, digits and !#$%&'*+-.^_`|~ only");
            }
        }

        AllowedOrigins = [.. Checked(options.AllowedOrigins, nameof(options.AllowedOrigins)).Select(NormalOrigin)];
        if (options.MaxMessageBytes < 1)
        {
            throw Wrong(nameof(options.MaxMessageBytes), $"it must be at least 1, not {options.MaxMessageBytes}");
        }

        Deflate = options.Deflate is { } deflate
            ? new WebSocketDeflateOptions
            {
                ClientContextTakeover = deflate.ClientContextTakeover,
                ClientMaxWindowBits = deflate.ClientMaxWindowBits,
                ServerContextTakeover = deflate.ServerContextTakeover,
                ServerMaxWindowBits = deflate.ServerMaxWindowBits,
            }
            : null;
        MaxMessageBytes = options.MaxMessageBytes;
        KeepAliveInterval = Milliseconds(options.KeepAliveInterval, nameof(options.KeepAliveInterval));
        KeepAliveTimeout = Milliseconds(options.KeepAliveTimeout, nameof(options.KeepAliveTimeout));
        IdleTimeout = Milliseconds(options.IdleTimeout, nameof(options.IdleTimeout));
        CloseTimeout = Milliseconds(options.CloseTimeout, nameof(options.CloseTimeout));
    }

    /// <summary>What holds where nothing was said.</summary>
    public static WebSocketAcceptOptions Defaults { get; } = new();

    /// <summary>The sub-protocols, the best one first.</summary>
    public SubProtocol[] SubProtocols { get; }

    /// <summary>The origins, normalized; none for all.</summary>
    public string[] AllowedOrigins { get; }

    /// <summary>permessage-deflate, or null.</summary>
    public WebSocketDeflateOptions? Deflate { get; }

    /// <summary>The longest message.</summary>
    public long MaxMessageBytes { get; }

    /// <summary>Milliseconds; <see cref="long.MaxValue"/> for never, as all of these.</summary>
    public long KeepAliveInterval { get; }

    /// <summary>Milliseconds.</summary>
    public long KeepAliveTimeout { get; }

    /// <summary>Milliseconds.</summary>
    public long IdleTimeout { get; }

    /// <summary>Milliseconds.</summary>
    public long CloseTimeout { get; }

    private static IReadOnlyList<string> Checked(IReadOnlyList<string>? values, string option)
    {
        if (values is null || values.Any(static value => value is null))
        {
            throw Wrong(option, "it must not be null, nor hold null: leave it empty for none");
        }

        return values.GroupBy(static value => value, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice
            ? throw Wrong(option, $"'{twice.Key}' is there {twice.Count()} times; once is enough")
            : values;
    }

    private static long Milliseconds(TimeSpan time, string option) =>
        time == Timeout.InfiniteTimeSpan ? long.MaxValue
        : time > TimeSpan.Zero ? Math.Max(1, (long)time.TotalMilliseconds)
        : throw Wrong(option, $"it must be more than zero, or Timeout.InfiniteTimeSpan for never, not {time}");

    private static string NormalOrigin(string text) => Origin.TryNormalize(text) ?? throw Wrong(
        nameof(WebSocketAcceptOptions.AllowedOrigins), $"'{text}' is no origin: write it as https://example.org or http://localhost:8080, without a path");

    private static ArgumentException Wrong(string option, string problem) => new($"{nameof(WebSocketAcceptOptions)}.{option}: {problem}.");
}
